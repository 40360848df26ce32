#include "cli/commands.h"

int main(int argc, char** argv) { return headrace::cli::RunCommandLine(argc, argv); }
