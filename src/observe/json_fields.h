// Structures as JSON objects. A structure lists its fields once, for writing and for reading:
//
//   template <typename Visitor>
//   void VisitFields(InputReport& input, Visitor& visit) {
//     visit("path", input.path);
//     visit("rows", input.rows);
//   }
//
// The function stands in the structure's own namespace. Fields may be text, whole numbers, numbers,
// truth values, other such structures, and vectors of all these.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/status.h"

namespace headrace {

using OrderedJson = nlohmann::ordered_json;

template <typename T>
concept JsonScalar = std::same_as<T, std::string> || std::is_arithmetic_v<T>;

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

// By value: VisitFields serves for reading too and takes a structure that it may change.
template <typename T>
OrderedJson ToJson(T value) {
  if constexpr (JsonScalar<T>) {
    return OrderedJson(std::move(value));
  } else if constexpr (IsVector<T>::value) {
    OrderedJson array = OrderedJson::array();
    for (auto& item : value) array.push_back(ToJson(std::move(item)));
    return array;
  } else {
    OrderedJson object = OrderedJson::object();
    auto write = [&](const char* key, auto& field) { object[key] = ToJson(std::move(field)); };
    VisitFields(value, write);
    return object;
  }
}

// As text. Paths and excerpts may hold any bytes; what is no UTF-8 is replaced rather than refused.
inline std::string JsonText(const OrderedJson& json, int indent = -1) {
  return json.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

inline Status WrongJsonField(const std::string& where, const char* wanted) {
  return MakeError(ErrorKind::kBadInput, 765,
                   "a key holds something else than expected: {} is no {}", where, wanted);
}

template <typename T>
Status FromJson(const OrderedJson& json, const std::string& where, T* value) {
  if (json.is_null()) return Status::OK();  // a number that was not finite, or left open
  if constexpr (std::same_as<T, std::string>) {
    if (!json.is_string()) return WrongJsonField(where, "text");
    *value = json.get<std::string>();
  } else if constexpr (std::same_as<T, bool>) {
    if (!json.is_boolean()) return WrongJsonField(where, "truth value");
    *value = json.get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    if (!json.is_number_integer()) return WrongJsonField(where, "whole number");
    const bool above = json.is_number_unsigned() &&
                       json.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<T>::max());
    if (above || json.get<int64_t>() < std::numeric_limits<T>::min()) {
      return WrongJsonField(where, "whole number of that range");
    }
    *value = json.get<T>();
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!json.is_number()) return WrongJsonField(where, "number");
    *value = json.get<T>();
  } else if constexpr (IsVector<T>::value) {
    if (!json.is_array()) return WrongJsonField(where, "list");
    value->resize(json.size());
    for (size_t i = 0; i < json.size(); ++i) {
      ARROW_RETURN_NOT_OK(FromJson(json[i], fmt::format("{}[{}]", where, i), &(*value)[i]));
    }
  } else {
    if (!json.is_object()) return WrongJsonField(where, "object");
    Status read;
    auto visit = [&](const char* key, auto& field) {
      const auto found = json.find(key);
      if (!read.ok() || found == json.end()) return;
      read = FromJson(*found, where.empty() ? std::string(key) : where + "." + key, &field);
    };
    VisitFields(*value, visit);
    return read;
  }
  return Status::OK();
}

}  // namespace headrace
