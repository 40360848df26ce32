#include <algorithm>

#include "base/units.h"
#include "observe/alert_rules.h"
#include "pipeline/read_values.h"
#include "pipeline/tables.h"

namespace headrace {
namespace {

struct SecretSource {
  std::string variable;
};
struct SecretText {
  SecretSource secret;
};

constexpr Key<SecretSource> kSecretSourceKeys[] = {
    {{"env", Presence::kRequired, "name", "", "the environment variable that holds the text"},
     [](auto& value, auto& context, auto* out) {
       return ReadText(value, context, &out->variable);
     }},
};

constexpr Key<SecretText> kSecretKeys[] = {
    {{"secret", Presence::kRequired, "map", "", "`{ env: NAME }`"},
     [](auto& value, auto& context, auto* out) {
       return ReadMap(value, "secret", kSecretSourceKeys, context, &out->secret);
     }},
};

// A text, or `{ secret: { env: NAME } }`. Messages name the variable, never its value.
Status ReadSecretText(const YamlNode& value, const ReadContext& context, std::string* out) {
  if (value.kind == YamlNode::Kind::kScalar) return ReadText(value, context, out);
  SecretText text;
  ARROW_RETURN_NOT_OK(ReadMap(value, "a text that may be secret", kSecretKeys, context, &text));
  const std::string& variable = text.secret.variable;
  const auto found = context.environment ? context.environment(variable) : std::nullopt;
  if (!found || found->empty()) {
    return ConfigError(context.file, value, 123,
                       "environment variable {} is not set, and the pipeline takes a secret from "
                       "it; set it",
                       variable);
  }
  *out = *found;
  return Status::OK();
}

constexpr Key<AlertTarget> kWebhookKeys[] = {
    {{"url", Presence::kRequired, "text or secret", "",
      "where the alert is posted as JSON; a secret is `{ secret: { env: NAME } }`"},
     [](auto& value, auto& context, auto* out) {
       return ReadSecretText(value, context, &out->address);
     }},
    {{"headers", Presence::kOptional, "map of name: text or secret", "none",
      "sent with it, such as `Authorization`"},
     [](auto& value, auto& context, auto* out) {
       if (value.kind != YamlNode::Kind::kMap) {
         return ConfigError(context.file, value, 137, "here stands a map of names and texts");
       }
       for (const auto& [name, text] : value.entries) {
         auto& header = out->headers.emplace_back(name.text, "");
         ARROW_RETURN_NOT_OK(ReadSecretText(text, context, &header.second));
       }
       return Status::OK();
     }},
};

AlertTarget* AddTarget(AlertSpec* spec, AlertTarget::Kind kind) {
  AlertTarget& target = spec->targets.emplace_back();
  target.kind = kind;
  return &target;
}

Status ReadRules(const YamlNode& value, const ReadContext& context, AlertSpec* out) {
  ARROW_RETURN_NOT_OK(ReadTextList(value, context, &out->on));
  for (std::string& rule : out->on) std::replace(rule.begin(), rule.end(), '-', '_');
  return Status::OK();
}

Status ReadLevel(const YamlNode& value, const ReadContext& context, AlertSpec* out) {
  const std::vector<std::string> levels = {"elevated", "high", "critical"};
  ARROW_ASSIGN_OR_RAISE(size_t choice, ReadChoice(value, context, levels));
  out->level = levels[choice];
  return Status::OK();
}

constexpr Key<AlertSpec> kAlertKeys[] = {
    {{"on", Presence::kRequired, "list of alerts", "",
      "`failure`, `memory_pressure`, `budget_refusal`, `spill_volume`, `spill_disk`, "
      "`no_progress`, `leak`"},
     ReadRules},
    {{"level", Presence::kOptional, "name", "`high`",
      "`memory_pressure` from this level on: `elevated`, `high`, `critical`"},
     ReadLevel},
    {{"for", Presence::kOptional, "duration", "`0s`", "so long it has to be the case"},
     [](auto& value, auto& context, auto* out) {
       return ReadDuration(value, context, &out->for_seconds);
     }},
    {{"cool_down", Presence::kOptional, "duration", "`5m`",
      "so long the same alert stays silent after it went off"},
     [](auto& value, auto& context, auto* out) {
       return ReadDuration(value, context, &out->cool_down_seconds);
     }},
    {{"volume", Presence::kOptional, "size", "any", "`spill_volume` from so many bytes on"},
     [](auto& value, auto& context, auto* out) { return ReadBytes(value, context, &out->bytes); }},
    {{"no_progress", Presence::kOptional, "duration", "`60s`",
      "`no_progress` after so long without a row or byte"},
     [](auto& value, auto& context, auto* out) {
       return ReadDuration(value, context, &out->seconds);
     }},
    {{"log", Presence::kOptional, "`true` or `false`", "`false`", "one line on standard error"},
     [](auto& value, auto& context, auto* out) {
       bool wanted = false;
       ARROW_RETURN_NOT_OK(ReadBoolean(value, context, &wanted));
       if (wanted) AddTarget(out, AlertTarget::Kind::kLog);
       return Status::OK();
     }},
    {{"file", Presence::kOptional, "path", "", "one line of JSON is appended"},
     [](auto& value, auto& context, auto* out) {
       return ReadText(value, context, &AddTarget(out, AlertTarget::Kind::kFile)->address);
     }},
    {{"command", Presence::kOptional, "text", "",
      "run by `/bin/sh -c` with the JSON on its standard input"},
     [](auto& value, auto& context, auto* out) {
       return ReadText(value, context, &AddTarget(out, AlertTarget::Kind::kCommand)->address);
     }},
    {{"webhook", Presence::kOptional, "map", "", "posts the JSON (see below)"},
     [](auto& value, auto& context, auto* out) {
       return ReadMap(value, "webhook", kWebhookKeys, context,
                      AddTarget(out, AlertTarget::Kind::kWebhook));
     }},
};

// The key that a complaint of ValidateAlerts is about: the rules, else the alert as a whole.
const YamlNode& PlaceOfComplaint(const YamlNode& alert, const AlertSpec& spec) {
  const auto& names = AlertRuleNames();
  const bool rules_known = std::all_of(spec.on.begin(), spec.on.end(), [&](const auto& rule) {
    return std::find(names.begin(), names.end(), rule) != names.end();
  });
  return rules_known && !spec.on.empty() ? alert : ValueOrMap(alert, "on");
}

}  // namespace

Status ReadAlerts(const YamlNode& value, const ReadContext& context, std::vector<AlertSpec>* out) {
  if (value.kind != YamlNode::Kind::kSequence) {
    return ConfigError(context.file, value, 756, "alerts must be a list");
  }
  for (const YamlNode& item : value.items) {
    AlertSpec spec;
    ARROW_RETURN_NOT_OK(ReadMap(item, "an alert", kAlertKeys, context, &spec));
    // What a run would check before it begins, told here with its place.
    const Status valid = ValidateAlerts({spec});
    if (!valid.ok()) {
      return ConfigError(context.file, PlaceOfComplaint(item, spec), GetErrorCode(valid), "{}",
                         valid.message());
    }
    out->push_back(std::move(spec));
  }
  const Status valid = ValidateAlerts(*out);
  return valid.ok() ? valid
                    : ConfigError(context.file, value, GetErrorCode(valid), "{}", valid.message());
}

SectionDoc AlertsSection() {
  return {"alerts", "Who is told when something happens during the run (docs/alerts.md).",
          DocsOf(kAlertKeys)};
}
SectionDoc WebhookSection() {
  return {"alerts.webhook", "A web address that takes alerts.", DocsOf(kWebhookKeys)};
}

}  // namespace headrace
