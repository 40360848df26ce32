// Pipeline files: what they become, and what they refuse at which place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "pipeline/key_table.h"
#include "pipeline/pipeline_file.h"
#include "support/golden.h"

namespace headrace {
namespace {

using testing::HasSubstr;

std::optional<std::string> TestEnvironment(const std::string& name) {
  if (name == "HOME_DIR") return "/data";
  if (name == "EMPTY") return "";
  if (name == "HOSTILE") return "x: {y: [\n";
  return std::nullopt;
}

Result<JobSpec> Parse(const std::string& text) {
  return ParsePipeline(text, "p.yaml", TestEnvironment);
}

std::string MessageOf(const std::string& text) {
  const Status status = Parse(text).status();
  EXPECT_EQ(ExitCode(GetErrorKind(status)), 3) << status.ToString();
  return status.message();
}

const std::string kHead = "version: 1\nsources:\n  - { id: t, path: in.csv }\n";
const std::string kTail = "sink: { path: out }\n";

TEST(Pipeline, ThresholdsLeftOutFollowFromThoseGiven) {
  const std::vector<std::pair<std::string, std::array<int64_t, 3>>> cases = {
      {"{ normal: 10 }", {10, 4, 2}},
      {"{ normal: 10, elevated: 1 }", {10, 1, 1}},
      {"{ normal: 10, high: 6 }", {10, 6, 6}},
      {"{ elevated: 6000000 }", {6'000'000, 6'000'000, 1'200'000}},
      {"{ high: 3 }", {5'000'000, 2'000'000, 3}}};
  for (const auto& [map, expected] : cases) {
    const auto job = Parse(kHead + "resources: { streaming_threshold: " + map + " }\n" + kTail);
    ASSERT_TRUE(job.ok()) << map << job.status();
    const StreamingThresholds& rows = job->resources.streaming;
    EXPECT_EQ((std::array{rows.normal, rows.elevated, rows.high}), expected) << map;
  }
}

TEST(Pipeline, EverySettingArrives) {
  auto job = Parse(R"yaml(
version: 1
name: city_trips
vars: { base: "${HOME_DIR}/in", file: "${vars.base}/a.csv" }
resources:
  memory: { limit: 2GiB, elevated: 70%, high: 80%, critical: 90% }
  streaming_threshold: 1001
  threads: 3
  spill: { dir: /tmp/s, max: 40GiB }
  chunk_size: 20
sources:
  - id: trips
    paths: ["${vars.file}", "b$$.csv", "${NONE:-c}.csv"]
    format: csv
    types: { id: int64, price: "decimal(12,2)" }
    csv: { delimiter: tab, quote: none, escape: '"', comment: "#", header: true, skip_rows: 2, null_values: ["", NA],
           quoted_empty: "null", encoding: latin-1, all_strings: false, field_size_max: 1MiB }
steps:
  - filter: "fare >= 0"
  - derive: { year: "year(day)", b: "year + 1" }
  - select: [year, b]
  - rename: { b: c }
  - drop: c
  - cast: { year: int32 }
  - fill_null: { year: 0 }
  - limit: 5
on_error: { bad_rows: quarantine, max_bad_rows: 0.1% }
sink:
  path: out/trips
  format: parquet
  partition_by: [year]
  mode: overwrite_partitions
  durability: none
  parquet: { compression: "zstd:3", row_group_rows: 1000, target_file_size: 1GiB }
)yaml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->name, "city_trips");
  EXPECT_EQ(job->resources.memory, "2GiB");
  EXPECT_EQ(job->resources.pressure.elevated, 0.7);
  EXPECT_EQ(job->resources.pressure.high, 0.8);
  EXPECT_EQ(job->resources.pressure.critical, 0.9);
  EXPECT_EQ(job->resources.streaming.normal, 1001);
  EXPECT_EQ(job->resources.streaming.elevated, 400);
  EXPECT_EQ(job->resources.streaming.high, 200);
  EXPECT_EQ(job->resources.threads, 3);
  EXPECT_EQ(job->resources.spill_bytes_max, int64_t{40} << 30);
  EXPECT_EQ(job->resources.chunk_rows, 20);
  const InputSpec& input = job->inputs.at(0);
  EXPECT_EQ(input.paths, (std::vector<std::string>{"/data/in/a.csv", "b$.csv", "c.csv"}));
  EXPECT_EQ(input.id, "trips");
  EXPECT_EQ(input.format, "csv");
  EXPECT_EQ(input.csv.encoding, "latin-1");
  EXPECT_EQ(input.csv.types.at(1).second, "decimal(12,2)");
  EXPECT_EQ(input.csv.delimiter, '\t');
  EXPECT_EQ(input.csv.quote, '\0');
  EXPECT_EQ(input.csv.null_values, (std::vector<std::string>{"", "NA"}));
  EXPECT_TRUE(input.csv.quoted_empty_is_null);
  EXPECT_EQ(input.csv.skip_rows, 2);
  ASSERT_EQ(job->steps.size(), 8u);
  EXPECT_EQ(std::get<FilterStep>(job->steps[0].what).predicate, "fare >= 0");
  EXPECT_EQ(job->steps[0].where, "p.yaml:19:13");
  EXPECT_EQ(std::get<DropStep>(job->steps[4].what).columns, std::vector<std::string>{"c"});
  EXPECT_EQ(std::get<LimitStep>(job->steps[7].what).rows, 5);
  EXPECT_EQ(job->bad_rows.what, BadRows::kQuarantine);
  EXPECT_EQ(job->bad_rows.share_max, 0.001);
  EXPECT_EQ(job->bad_rows.rows_max, std::nullopt);
  EXPECT_EQ(job->output.mode, WriteMode::kOverwritePartitions);
  EXPECT_FALSE(job->output.durable);
  EXPECT_EQ(job->output.compression, "zstd:3");
}

TEST(Pipeline, RefusalsSayWhereAndWhat) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"", {"p.yaml:1:1", "empty"}},
      {"- a\n", {"p.yaml:1:1", "must be a map"}},
      {"version: 2\n" + kHead.substr(11) + kTail, {"p.yaml:1:10", "unknown version '2'"}},
      {kHead, {"needs the key 'sink'"}},
      {kHead + kTail + "snk: 1\n", {"p.yaml:5:1", "unknown key 'snk'", "did you mean 'sink'?"}},
      {kHead + kTail + "sink: { path: b }\n",
       {"p.yaml:5:1", "'sink' stands here twice, first in line 4"}},
      {kHead + "sink: { path: a, path: b }\n", {"p.yaml:4:18", "twice"}},
      {kHead + "sink: { pth: a }\n", {"p.yaml:4:9", "did you mean 'path'?"}},
      {kHead + "sink: { path: }\n", {"p.yaml:4:9", "has no value"}},
      {kHead + kTail + "checks: []\n", {"p.yaml:5:1", "not available in this version"}},
      {kHead + kTail + "on_error: { max_bad_rows: 3 }\n",
       {"p.yaml:5:11", "max_bad_rows needs bad_rows: quarantine"}},
      {kHead + kTail + "on_error: { bad_rows: skip }\n", {"p.yaml:5:23", "quarantine"}},
      {kHead + "steps:\n  - join: { with: a }\n" + kTail,
       {"p.yaml:5:5", "'join'", "not available"}},
      {kHead + "steps:\n  - fliter: a\n" + kTail, {"p.yaml:5:5", "did you mean 'filter'?"}},
      {kHead + "steps:\n  - filter: a > 1\n    limit: 2\n" + kTail,
       {"p.yaml:5:5", "exactly one key"}},
      {kHead + "steps:\n  - filter: \"a >\"\n" + kTail, {"p.yaml:5:13"}},
      {kHead + "steps:\n  - limit: -1\n" + kTail, {"p.yaml:5:12", "at least 0"}},
      {kHead + "steps:\n  - cast: { a: intt }\n" + kTail, {"p.yaml:5:16", "intt"}},
      {kHead + "steps:\n  - cast: { a: decimal(12,2) }\n" + kTail, {"p.yaml:5:"}},
      {"version: 1\nsources:\n  - { http: { urls: [a] } }\n" + kTail, {"p.yaml:3:7", "'http'"}},
      {"version: 1\nsources:\n  - { path: a }\n  - { path: b }\n" + kTail,
       {"p.yaml:4:5", "second source"}},
      {"version: 1\nsources:\n  - { path: a, paths: [b] }\n" + kTail, {"either path or paths"}},
      {"version: 1\nsources:\n  - { id: a }\n" + kTail, {"p.yaml:3:5", "'path' or 'paths'"}},
      {"version: 1\nsources:\n  - { path: a, types: { x: intt } }\n" + kTail,
       {"p.yaml:3:28", "column 'x'"}},
      {kHead + "resources: { memory: lots }\n" + kTail, {"p.yaml:4:22", "lots"}},
      {kHead + "resources: { memory: 120% }\n" + kTail, {"p.yaml:4:22", "share"}},
      {kHead + "resources: { threads: 0 }\n" + kTail, {"p.yaml:4:23", "at least 1"}},
      {kHead + "resources: { memory: { elevated: 90% } }\n" + kTail,
       {"p.yaml:4:22", "out of order"}},
      {kHead + "resources: { streaming_threshold: { normal: 10, high: 11 } }\n" + kTail,
       {"p.yaml:4:35", "out of order"}},
      {kHead + "resources: { streaming_threshold: few }\n" + kTail, {"p.yaml:4:35"}},
      {kHead + "sink: { path: a, mode: replace }\n", {"p.yaml:4:24", "none of create"}},
      {kHead + "sink: { path: a, format: orc }\n", {"p.yaml:4:26", "none of parquet, csv"}},
      {kHead + "sink: { path: \"${NONE}\" }\n",
       {"p.yaml:4:15", "environment variable NONE is not set"}},
      {kHead + "sink: { path: \"${EMPTY:?say where}\" }\n",
       {"p.yaml:4:15", "EMPTY is not set: say where"}},
      {kHead + "sink: { path: \"${vars.x}\" }\n", {"vars has no 'x'"}},
      {kHead + "sink: { path: \"${open\" }\n", {"never closed"}},
      {kHead + "sink: { path: !!str a }\n", {"p.yaml:4:", "tags"}},
      {kHead + "sink: [\n", {"p.yaml:", "not valid YAML"}},
      {kHead + kTail + "---\na: 1\n", {"more than one YAML document"}},
      {std::string("a: \0b", 5), {"zero bytes"}},
      {"? [a]\n: b\n", {"a key must be a plain name"}},
  };
  for (const auto& [text, parts] : cases) {
    const std::string message = MessageOf(text);
    for (const std::string& part : parts) EXPECT_THAT(message, HasSubstr(part)) << text;
  }
}

TEST(Pipeline, ValuesThatARunWouldRefuseAreToldWithTheirPlace) {
  const std::string source = "version: 1\nsources:\n  - { path: in.csv, ";
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {source + "format: exel }\n" + kTail, {"p.yaml:3:29", "'exel' is none of csv, tsv, jsonl"}},
      {source + "format: parqet }\n" + kTail, {"p.yaml:3:29", "did you mean 'parquet'?"}},
      {source + "csv: { encoding: klingon } }\n" + kTail,
       {"p.yaml:3:38", "'klingon' is none of utf-8", "utf-16le"}},
      {source + "csv: { encoding: latin-11 } }\n" + kTail, {"did you mean 'latin-1'?"}},
      {source + "csv: { delimiter: '\"' } }\n" + kTail, {"p.yaml:3:39", "differ from quote"}},
      {source + "csv: { quote: '|', delimiter: '|' } }\n" + kTail, {"p.yaml:3:51", "differ"}},
      {source + "csv: { comment: ';', delimiter: ';' } }\n" + kTail, {"p.yaml:3:53", "differ"}},
      {"version: 1\nsources:\n  - { path: \"s3://b/in.csv\" }\n" + kTail,
       {"p.yaml:3:13", "s3:// is not available in this version"}},
      {kHead + "sink: { path: \"s3://bucket/x\" }\n",
       {"p.yaml:4:15", "s3:// is not available in this version"}},
      {kHead + "sink: { path: a, parquet: { compression: zstdd } }\n",
       {"p.yaml:4:42", "'zstdd' is none of zstd", "did you mean 'zstd'?"}},
      {kHead + "sink: { path: a, parquet: { compression: \"zstd:99\" } }\n",
       {"p.yaml:4:42", "'zstd:99'", "1-19"}},
      {kHead + "sink: { path: a, mode: overwrite_partitions }\n",
       {"p.yaml:4:7", "needs partition columns"}},
      {kHead + "sink: { path: a.parquet, partition_by: [x] }\n",
       {"p.yaml:4:7", "one file cannot be partitioned"}},
      {kHead + "sink: { path: a.parquet, mode: append }\n",
       {"p.yaml:4:32", "mode append needs a dataset directory"}},
      {kHead + "sink: { path: a.csv.bz2 }\n", {"p.yaml:4:7", "cannot be compressed as .bz2"}},
  };
  for (const auto& [text, parts] : cases) {
    const std::string message = MessageOf(text);
    for (const std::string& part : parts) EXPECT_THAT(message, HasSubstr(part)) << text;
  }
}

TEST(Pipeline, OtherSpellingsOfValues) {
  auto job = Parse(
      "version: 1\nresources: { memory: \"25 %\" }\nsources:\n"
      "  - { path: 'a:b.csv', csv: { encoding: utf8, delimiter: ';' } }\n"
      "sink: { path: out, parquet: { compression: \"gzip:9\" } }\n");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->resources.memory, "25 %");
  EXPECT_EQ(job->inputs.at(0).csv.encoding, "utf8");
  EXPECT_EQ(job->output.compression, "gzip:9");
}

TEST(Pipeline, VariablesNeverBecomeStructure) {
  auto job = Parse(kHead + "sink: { path: \"${HOSTILE}\" }\n");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->output.path, "x: {y: [\n");
  EXPECT_EQ(Parse(kHead + "sink: { path: \"a$b ${NONE:-d${EMPTY:-e}}\" }\n")->output.path,
            "a$b de");
}

TEST(Pipeline, HostileFilesAreBounded) {
  std::string laughs = "version: 1\nvars:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    laughs += fmt::format("  a{0}: &a{0} [", i);
    for (int j = 0; j < 10; ++j) laughs += fmt::format("{}*a{}", j ? ", " : "", i - 1);
    laughs += "]\n";
  }
  EXPECT_THAT(MessageOf(laughs), HasSubstr("aliases"));
  EXPECT_THAT(MessageOf(std::string(100'000, '[')), HasSubstr("p.yaml:"));
  EXPECT_THAT(MessageOf("a: &x { b: *x }\n"), HasSubstr("p.yaml:1:"));
  EXPECT_THAT(MessageOf(std::string((1 << 20) + 1, ' ')), HasSubstr("at most"));
}

TEST(Pipeline, AliasesRepeatNodes) {
  auto job =
      Parse("version: 1\nvars: { p: &p data }\nsources: [ { path: *p } ]\nsink: { path: *p }\n");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->output.path, "data");
}

TEST(Pipeline, MutatedFilesNeverCrash) {
  const std::string good =
      kHead + "steps:\n  - derive: { a: \"x + 1\", b: 'y' }\n  - limit: 3\n" + kTail;
  const unsigned seed = std::getenv("HEADRACE_SEED") ? std::stoul(std::getenv("HEADRACE_SEED"))
                                                     : std::random_device{}();
  SCOPED_TRACE(
      fmt::format("replay: HEADRACE_SEED={} test_pipeline --gtest_filter=*Mutated*", seed));
  std::mt19937 random(seed);
  const std::string alphabet = "{}[]:,-&*!|>'\"#%@` \n\t$?x0\\\xc3";
  for (int round = 0; round < 4000; ++round) {
    std::string text = good;
    for (int edit = 0; edit < 1 + static_cast<int>(random() % 4); ++edit) {
      const size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      random() % 2 ? text[at] = c : (random() % 2 ? text.insert(at, 1, c) : text.erase(at, 1), c);
    }
    const Status status = Parse(text).status();
    if (!status.ok()) {
      ASSERT_FALSE(status.message().empty()) << text;
      ASSERT_EQ(ExitCode(GetErrorKind(status)), 3) << status.ToString() << "\n" << text;
    }
  }
}

TEST(Pipeline, ReferencePageIsCurrent) {
  ExpectGeneratedPart(__FILE__, "../../docs/pipeline-file.md", "keys", PipelineReferenceMarkdown());
}

}  // namespace
}  // namespace headrace
