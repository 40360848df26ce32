// The commands, in the order of the help.
#include "cli/flags.h"

namespace headrace::cli {
namespace {

constexpr CommandDefinition kCommands[] = {
    {kConvert, "convert", "INPUT... OUTPUT", "Turn inputs into one published file or dataset",
     "INPUT is a file, a glob, a directory or - for standard input: CSV, TSV, JSON, Parquet or "
     "Arrow, text also packed (.gz, .zst and more).\n"
     "OUTPUT ending in .parquet, .csv, .tsv, .jsonl or .arrow (text also .gz or .zst) is one file, "
     "anything else a dataset directory. It appears whole or not at all.\n"
     "Steps run in the order derive, where, select, limit, whatever the order of the flags.",
     2, 1 << 20},
    {kRun, "run", "PIPELINE.yaml", "Run a pipeline file",
     "Flags given here win over the file's resources. The file format is described in "
     "docs/pipeline-file.md.",
     1, 1},
    {kValidate, "validate", "PIPELINE.yaml", "Check a pipeline file without opening its inputs",
     "Checks keys, values, variables, expressions and types.", 1, 1},
    {kPlan, "plan", "PIPELINE.yaml | INPUT... OUTPUT", "Show what a run would do, without doing it",
     "Opens the inputs and prints the steps with their types, what the source takes over, and the "
     "memory it needs.\n"
     "Takes a pipeline file, or the arguments of convert.",
     1, 1 << 20},
    {kPreview, "preview", "INPUT... | PIPELINE.yaml",
     "Show the first rows and their types as a table",
     "Works on inputs, or on what the steps of a pipeline file make of its input.", 1, 1 << 20},
    {kDoctor, "doctor", "[DIRECTORY]",
     "Show the effective memory limit, cores, kernel features and disks",
     "DIRECTORY is where a target would stand; the default is the working directory.", 0, 1},
    {kMonitor, "monitor", "", "Show the runs of this user live",
     "Without --run one running run is shown whole, and several as a list. On a terminal the view "
     "is redrawn twice a second until q or Ctrl-C; elsewhere a line is printed every second.\n"
     "With --serve the same is a web page on this machine. See docs/monitor.md.",
     0, 0},
    {kStatus, "status", "[DATASET]", "Show who is running, who ended and why a run died",
     "One line for each run of this user; for a run that died also the likely cause and what to "
     "do. "
     "With DATASET only its runs, and what stands at the target.",
     0, 1},
    {kHistory, "history", "DATASET", "Show the runs that made a dataset, the newest first",
     "When, which run, how, how much, and how it stands with what the run wrote: current, retained "
     "(headrace rollback can go back to it) or gone.",
     1, 1},
    {kShow, "show", "RUN DATASET", "Show all that a dataset's ledger knows of one run",
     "RUN is a run's id, or how it alone begins.", 2, 2},
    {kRollback, "rollback", "DATASET RUN", "Make what an earlier run wrote the dataset again",
     "Atomic like every publish. RUN is a run's id, or how it alone begins; what it wrote must "
     "still be retained (--retain when the next run replaced it).\n"
     "What is the dataset now is retained in its turn: as long as the last run asked for, and at "
     "least 24 hours, unless --retain says otherwise.",
     2, 2},
    {kVacuum, "vacuum", "DATASET", "Remove earlier generations of a dataset whose time is over",
     "Every run does so too. With --older-than also earlier ones and files of bad rows that are "
     "older. Says what was removed and how many bytes became free; content of "
     "other programs that a run rescued is listed and left.",
     1, 1},
    {kRecover, "recover", "TARGET", "Repair now what a killed run left beside its target",
     "The next run on the target would do the same. TARGET is a dataset or a single file.", 1, 1},
    {kReport, "report", "show FILE", "Show a run's report for people",
     "FILE is what --report wrote, - = standard input. Text with tables and a curve of memory, or "
     "with --html a page "
     "that stands alone in one file.",
     2, 2},
    {kFsck, "fsck", "DATASET", "Check what stands at a target, and change nothing",
     "DATASET is a dataset directory or a Parquet file, also one that headrace did not write. One "
     "line is printed for each problem, and a last one that counts them; exit code 5 when there is "
     "any. See docs/fsck.md.",
     1, 1},
    {kCompletions, "completions", "bash|zsh|fish", "Print a completion script for a shell",
     "For bash: source <(headrace completions bash)", 1, 1},
};

}  // namespace

std::span<const CommandDefinition> Commands() { return kCommands; }

}  // namespace headrace::cli
