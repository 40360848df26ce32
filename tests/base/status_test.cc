#include "base/status.h"

#include <gtest/gtest.h>

namespace headrace {
namespace {

TEST(Status, ACancelledRunEndsWithTheCodeOfItsSignal) {
  EXPECT_EQ(ExitCode(Status::OK()), 0);
  EXPECT_EQ(ExitCode(MakeError(ErrorKind::kCancelled, kInterruptedCode, "stopped")), 130);
  EXPECT_EQ(ExitCode(MakeError(ErrorKind::kCancelled, kTerminatedCode, "stopped")), 143);
  EXPECT_EQ(ExitCode(MakeError(ErrorKind::kBadInput, 143, "bad")), 9);
}

TEST(Status, KindAndCodeTravelWithContext) {
  const Status status = MakeError(ErrorKind::kBadInput, 412, "bad value '{}'", "x\ny");
  const Status outer = WithContext(status, "file a.csv");
  EXPECT_EQ(GetErrorKind(outer), ErrorKind::kBadInput);
  EXPECT_EQ(GetErrorCode(outer), 412);
  EXPECT_EQ(FormatError(outer), "error E0412 (bad input): file a.csv: bad value 'x y'");
}

TEST(Status, LibraryFailuresGetAKindAtTheSeam) {
  const Status library = Status::Invalid("page header");
  const Status ours = WithKind(library, ErrorKind::kBadInput, 501, "a.parquet");
  EXPECT_EQ(GetErrorCode(ours), 501);
  EXPECT_EQ(GetErrorCode(WithKind(ours, ErrorKind::kInternal, 900, "")), 501);
  EXPECT_EQ(GetErrorKind(WithKind(Status::OutOfMemory("x"), ErrorKind::kBadInput, 501, "a")),
            ErrorKind::kOutOfMemory);
}

TEST(Status, NeverBlank) {
  EXPECT_NE(FormatError(Status::Invalid("")).find("Invalid"), std::string::npos);
}

TEST(Status, ExitCodesOfTheContract) {
  EXPECT_EQ(ExitCode(ErrorKind::kInternal), 1);
  EXPECT_EQ(ExitCode(ErrorKind::kUsage), 2);
  EXPECT_EQ(ExitCode(ErrorKind::kInvalidPlan), 3);
  EXPECT_EQ(ExitCode(ErrorKind::kSource), 4);
  EXPECT_EQ(ExitCode(ErrorKind::kCheckFailed), 5);
  EXPECT_EQ(ExitCode(ErrorKind::kSink), 6);
  EXPECT_EQ(ExitCode(ErrorKind::kOutOfDisk), 7);
  EXPECT_EQ(ExitCode(ErrorKind::kLocked), 8);
  EXPECT_EQ(ExitCode(ErrorKind::kBadInput), 9);
}

}  // namespace
}  // namespace headrace
