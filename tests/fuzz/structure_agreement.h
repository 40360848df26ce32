// Every structure scanner over one text: do they agree with each other and with a plain parser?
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/csv/structure_scan.h"

namespace headrace::fuzz {

// Role: scans texts with all scanners this machine can run, keeping its memory from text to text.
// Threads: one.
class StructureAgreement {
 public:
  StructureAgreement();

  // Empty when all agree, else who differs and how. The plain parser and the state machine are
  // compared where the text is regular: elsewhere parity does not claim an answer.
  std::string Check(std::string_view text, const Dialect& dialect);

  int64_t checked() const { return checked_; }
  int64_t regular() const { return regular_; }  // texts that parity decides
  std::string names() const;

 private:
  struct Scanned {
    StructureScan scan;
    std::vector<uint64_t> bits;
  };
  void Scan(StructureScanner scanner, const Dialect& dialect, Scanned* out);
  std::string CompareParity(const std::string& name, const Scanned& other) const;
  std::string CompareState(const Dialect& dialect);
  std::string CompareFlattened() const;
  bool SameBits(const Scanned& other) const;

  std::vector<std::pair<std::string, StructureScanner>> parity_;  // beside the portable one
  std::vector<uint8_t> padded_;
  int64_t length_ = 0;
  Scanned portable_;
  Scanned other_;
  int64_t checked_ = 0;
  int64_t regular_ = 0;
};

}  // namespace headrace::fuzz
