// PosixEnv on a real file system: what each call does, and how failures are told.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "env/env.h"
#include "env/errno_status.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using ::testing::HasSubstr;

class PosixEnvTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text,
             OpenMode mode = OpenMode::kTruncate) {
    auto file = env_->OpenForWrite(path, mode);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    ASSERT_TRUE((*file)->Append(text.data(), static_cast<int64_t>(text.size())).ok());
    EXPECT_EQ((*file)->written_bytes(), static_cast<int64_t>(text.size()));
    ASSERT_TRUE((*file)->Sync().ok());
    ASSERT_TRUE((*file)->Close().ok());
  }
  std::string Read(const std::string& path) {
    return env_->ReadWholeFile(path, 1 << 20).ValueOrDie();
  }
  void ExpectError(const Status& status, ErrorKind kind, ErrorCode code, const std::string& path) {
    EXPECT_EQ(GetErrorKind(status), kind) << status.ToString();
    EXPECT_EQ(GetErrorCode(status), code) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(path));
  }

  TemporaryDirectory directory_;
  Env* env_ = Env::Default();
};

TEST_F(PosixEnvTest, OpenModes) {
  const std::string path = directory_ / "f";
  Write(path, "one", OpenMode::kCreateNew);
  const Status taken = env_->OpenForWrite(path, OpenMode::kCreateNew).status();
  EXPECT_TRUE(IsAlreadyExists(taken)) << taken.ToString();
  Write(path, "two", OpenMode::kAppend);
  EXPECT_EQ(Read(path), "onetwo");
  Write(path, "3", OpenMode::kTruncate);
  EXPECT_EQ(Read(path), "3");
  Write(directory_ / "new", "x", OpenMode::kAppend);
  EXPECT_EQ(Read(directory_ / "new"), "x");
}

TEST_F(PosixEnvTest, AFileSystemIsSyncedAsOneOrNotAtAll) {
  auto sync = env_->OpenFileSystemSync(directory_.path());
  ASSERT_TRUE(sync.ok()) << sync.status().ToString();
  if (*sync != nullptr) {
    Write(directory_ / "f", "one");
    EXPECT_TRUE((*sync)->Sync().ok());
  }
  // Files of the kernel itself lie on no disk.
  auto none = env_->OpenFileSystemSync("/proc");
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, nullptr);
  EXPECT_FALSE(env_->OpenFileSystemSync(directory_ / "missing").ok());
}

TEST_F(PosixEnvTest, ReadAtStopsAtTheEnd) {
  Write(directory_ / "f", "0123456789");
  auto file = env_->OpenForRead(directory_ / "f").ValueOrDie();
  char bytes[16] = {};
  EXPECT_EQ(file->ReadAt(4, 3, bytes).ValueOrDie(), 3);
  EXPECT_EQ(std::string(bytes, 3), "456");
  EXPECT_EQ(file->ReadAt(8, 16, bytes).ValueOrDie(), 2);
  EXPECT_EQ(file->ReadAt(10, 1, bytes).ValueOrDie(), 0);
  EXPECT_EQ(file->ReadAt(99, 1, bytes).ValueOrDie(), 0);
  EXPECT_EQ(file->Size().ValueOrDie(), 10);
  file->DropCache(0, 10);
}

TEST_F(PosixEnvTest, DropCacheWhileWritingLosesNothing) {
  const std::string block(1 << 20, 'b');
  {
    auto file = env_->OpenForWrite(directory_ / "f", OpenMode::kCreateNew).ValueOrDie();
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(file->Append(block.data(), static_cast<int64_t>(block.size())).ok());
      file->DropCache();
    }
    ASSERT_TRUE(file->Close().ok());
  }
  EXPECT_EQ(std::filesystem::file_size(directory_ / "f"), 4 * block.size());
}

// Which of the file's pages are in the page cache.
std::vector<unsigned char> CachedPages(const std::string& path, size_t bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  void* address = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
  std::vector<unsigned char> pages(bytes / static_cast<size_t>(::sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(::mincore(address, bytes, pages.data()), 0);
  ::munmap(address, bytes);
  ::close(descriptor);
  for (unsigned char& page : pages) page &= 1;
  return pages;
}

TEST_F(PosixEnvTest, DropCacheOfAContinuedFileReachesWhatWasAppended) {
  const std::string path = directory_ / "f";
  const std::string block(4 << 20, 'b');
  Write(path, block);
  {
    auto file = env_->OpenForWrite(path, OpenMode::kAppend).ValueOrDie();
    ASSERT_TRUE(file->Append(block.data(), static_cast<int64_t>(block.size())).ok());
    ASSERT_TRUE(file->Sync().ok());
    file->DropCache();
    file->DropCache();
  }
  const std::vector<unsigned char> pages = CachedPages(path, 2 * block.size());
  const auto middle = pages.begin() + static_cast<std::ptrdiff_t>(pages.size() / 2);
  if (std::count(pages.begin(), middle, 1) > 0) {
    GTEST_SKIP() << "SKIPPED: this file system drops no pages when asked";
  }
  EXPECT_LT(std::count(middle, pages.end(), 1), static_cast<std::ptrdiff_t>(pages.size() / 8));
}

TEST_F(PosixEnvTest, OpenForReadRefusesWhatIsNoFile) {
  ExpectError(env_->OpenForRead(directory_ / "none").status(), ErrorKind::kSource, kNotFoundToRead,
              "none");
  ExpectError(env_->OpenForRead(directory_.path()).status(), ErrorKind::kSource, kNotAFile,
              directory_.path());
  const std::string pipe = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ExpectError(env_->OpenForRead(pipe).status(), ErrorKind::kSource, kNotAFile, "pipe");
}

TEST_F(PosixEnvTest, FullDeviceIsOutOfDisk) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "SKIPPED: no /dev/full";
  auto file = env_->OpenForWrite("/dev/full", OpenMode::kAppend).ValueOrDie();
  const Status status = file->Append("x", 1);
  ExpectError(status, ErrorKind::kOutOfDisk, kDiskFull, "/dev/full");
  EXPECT_EQ(ExitCode(GetErrorKind(status)), 7);
}

TEST_F(PosixEnvTest, ScratchFilesHaveNoName) {
  auto file = env_->OpenScratch(directory_.path()).ValueOrDie();
  ASSERT_TRUE(file->WriteAt(5, "hello", 5).ok());
  char bytes[5];
  ASSERT_TRUE(file->ReadAt(5, 5, bytes).ok());
  EXPECT_EQ(std::string(bytes, 5), "hello");
  EXPECT_EQ(GetErrorKind(file->ReadAt(6, 5, bytes)), ErrorKind::kInternal);
  EXPECT_TRUE(env_->List(directory_.path()).ValueOrDie().empty());
  EXPECT_EQ(GetErrorKind(env_->OpenScratch(directory_ / "none").status()), ErrorKind::kSink);
}

TEST_F(PosixEnvTest, StatSeesTypesAndFollowsOnlyWhenAsked) {
  Write(directory_ / "f", "abc");
  std::filesystem::create_symlink("f", directory_ / "link");
  std::filesystem::create_symlink("nowhere", directory_ / "dangling");
  EXPECT_EQ((*env_->Stat(directory_ / "f"))->size_bytes, 3);
  EXPECT_EQ((*env_->Stat(directory_ / "link"))->type, FileType::kFile);
  EXPECT_EQ((*env_->StatNoFollow(directory_ / "link"))->type, FileType::kSymlink);
  EXPECT_EQ((*env_->Stat(directory_ / "link"))->inode, (*env_->Stat(directory_ / "f"))->inode);
  EXPECT_EQ((*env_->Stat(directory_.path()))->type, FileType::kDirectory);
  EXPECT_FALSE(env_->Stat(directory_ / "dangling")->has_value());
  EXPECT_FALSE(env_->Stat(directory_ / "f/below")->has_value());
  EXPECT_EQ(env_->RealPath(directory_ / "link").ValueOrDie(),
            env_->RealPath(directory_ / "f").ValueOrDie());
  EXPECT_FALSE(env_->RealPath(directory_ / "dangling").ok());
}

TEST_F(PosixEnvTest, ReadLinkGivesTheTextAsItIs) {
  Write(directory_ / "f", "");
  std::filesystem::create_symlink("../no/where", directory_ / "dangling");
  EXPECT_EQ(env_->ReadLink(directory_ / "dangling").ValueOrDie(), "../no/where");
  ExpectError(env_->ReadLink(directory_ / "f").status(), ErrorKind::kSource, kCannotRead, "f");
  ExpectError(env_->ReadLink(directory_ / "none").status(), ErrorKind::kSource, kNotFoundToRead,
              "none");
}

TEST_F(PosixEnvTest, ListIsSortedBytewiseWithTypes) {
  Write(directory_ / "b", "");
  Write(directory_ / "\xc3\xa4", "");
  Write(directory_ / "B", "");
  std::filesystem::create_directory(directory_ / "a");
  std::filesystem::create_symlink("b", directory_ / "c");
  std::string names;
  for (const DirectoryEntry& entry : env_->List(directory_.path()).ValueOrDie()) {
    names += entry.name + std::to_string(static_cast<int>(entry.type)) + " ";
  }
  EXPECT_EQ(names,
            "B0 a1 b0 c2 \xc3\xa4"
            "0 ");
  ExpectError(env_->List(directory_ / "none").status(), ErrorKind::kSource, kNotFoundToRead,
              "none");
}

TEST_F(PosixEnvTest, RenameModes) {
  Write(directory_ / "a", "A");
  Write(directory_ / "b", "B");
  EXPECT_TRUE(
      IsAlreadyExists(env_->Rename(directory_ / "a", directory_ / "b", RenameMode::kNoReplace)));
  const Status exchanged = env_->Rename(directory_ / "a", directory_ / "b", RenameMode::kExchange);
  if (IsNotSupported(exchanged)) GTEST_SKIP() << "SKIPPED: no exchange on this file system";
  EXPECT_EQ(Read(directory_ / "a"), "B");
  EXPECT_EQ(Read(directory_ / "b"), "A");
  ASSERT_TRUE(env_->Rename(directory_ / "a", directory_ / "b", RenameMode::kReplace).ok());
  EXPECT_EQ(Read(directory_ / "b"), "B");
  ASSERT_TRUE(env_->Rename(directory_ / "b", directory_ / "c", RenameMode::kNoReplace).ok());
  ExpectError(env_->Rename(directory_ / "none", directory_ / "c", RenameMode::kReplace),
              ErrorKind::kSink, kNotFoundToWrite, "none");
}

TEST_F(PosixEnvTest, ExchangeSwapsDirectories) {
  ASSERT_TRUE(env_->CreateDirectories(directory_ / "side/gen").ok());
  ASSERT_TRUE(env_->CreateDirectory(directory_ / "out").ok());
  Write(directory_ / "out/old", "");
  const Status status =
      env_->Rename(directory_ / "side/gen", directory_ / "out", RenameMode::kExchange);
  if (IsNotSupported(status)) GTEST_SKIP() << "SKIPPED: no exchange on this file system";
  EXPECT_TRUE(env_->Stat(directory_ / "side/gen/old")->has_value());
  EXPECT_FALSE(env_->Stat(directory_ / "out/old")->has_value());
}

// On a file system with shared blocks (XFS, Btrfs) a file of its own; on any other an answer that
// leaves nothing. TMPDIR chooses.
TEST_F(PosixEnvTest, ClonesAreFilesOfTheirOwn) {
  directory_.Put("a", std::string(100'000, 'x'));
  const Status cloned = env_->CloneFile(directory_ / "a", directory_ / "b");
  if (IsNotSupported(cloned)) {
    EXPECT_FALSE(env_->StatNoFollow(directory_ / "b")->has_value());
    return;
  }
  ASSERT_TRUE(cloned.ok()) << cloned;
  RecordProperty("cloned", "yes");
  EXPECT_NE((*env_->Stat(directory_ / "a"))->inode, (*env_->Stat(directory_ / "b"))->inode);
  EXPECT_EQ((*env_->Stat(directory_ / "b"))->mode & 0777u, 0600u);
  directory_.Put("a", "changed");
  EXPECT_EQ(*env_->ReadWholeFile(directory_ / "b", 1 << 20), std::string(100'000, 'x'));
  EXPECT_TRUE(IsAlreadyExists(env_->CloneFile(directory_ / "a", directory_ / "b")));
}

TEST_F(PosixEnvTest, AllocatedDiskIsTakenAtOnce) {
  auto file = env_->OpenForWrite(directory_ / "a", OpenMode::kCreateNew).ValueOrDie();
  const Status allocated = file->Allocate(1 << 20);
  if (IsNotSupported(allocated)) GTEST_SKIP() << "SKIPPED: " << allocated;
  ASSERT_TRUE(allocated.ok()) << allocated;
  ASSERT_TRUE(file->Close().ok());
  struct stat found;
  ASSERT_EQ(::stat((directory_ / "a").c_str(), &found), 0);
  EXPECT_GE(found.st_blocks * 512, 1 << 20);
}

TEST_F(PosixEnvTest, HardLinksShareTheInode) {
  Write(directory_ / "a", "A");
  ASSERT_TRUE(env_->HardLink(directory_ / "a", directory_ / "b").ok());
  EXPECT_EQ((*env_->Stat(directory_ / "a"))->inode, (*env_->Stat(directory_ / "b"))->inode);
  EXPECT_EQ((*env_->Stat(directory_ / "a"))->link_count, 2u);
  EXPECT_TRUE(IsAlreadyExists(env_->HardLink(directory_ / "a", directory_ / "b")));
  // Directories cannot be linked: the kernel says EPERM, as file systems without links do.
  EXPECT_TRUE(IsNotSupported(env_->HardLink(directory_.path(), directory_ / "c")));
}

TEST_F(PosixEnvTest, RemovalsAreIdempotent) {
  EXPECT_TRUE(env_->RemoveFile(directory_ / "none").ok());
  EXPECT_TRUE(env_->RemoveDirectory(directory_ / "none").ok());
  EXPECT_TRUE(env_->RemoveTree(directory_ / "none").ok());
  ASSERT_TRUE(env_->CreateDirectories(directory_ / "t/u/v").ok());
  Write(directory_ / "t/u/f", "x");
  std::filesystem::create_directory(directory_ / "outside");
  Write(directory_ / "outside/keep", "x");
  std::filesystem::create_directory_symlink(directory_ / "outside", directory_ / "t/u/link");
  EXPECT_TRUE(IsAlreadyExists(env_->RemoveDirectory(directory_ / "t")));
  ASSERT_TRUE(env_->RemoveTree(directory_ / "t").ok());
  EXPECT_FALSE(env_->Stat(directory_ / "t")->has_value());
  EXPECT_EQ(Read(directory_ / "outside/keep"), "x") << "a link inside the tree was followed";
}

TEST_F(PosixEnvTest, CreateDirectoriesIsIdempotentAndRefusesFiles) {
  EXPECT_TRUE(env_->CreateDirectories(directory_ / "a/b/c").ok());
  EXPECT_TRUE(env_->CreateDirectories(directory_ / "a/b/c").ok());
  EXPECT_TRUE(env_->CreateDirectory(directory_ / "a").ok());
  Write(directory_ / "f", "");
  EXPECT_FALSE(env_->CreateDirectory(directory_ / "f").ok());
  EXPECT_FALSE(env_->CreateDirectories(directory_ / "f/g").ok());
}

TEST_F(PosixEnvTest, WriteFileDurablyReplacesWhole) {
  ASSERT_TRUE(env_->WriteFileDurably(directory_ / "f", "one").ok());
  ASSERT_TRUE(env_->WriteFileDurably(directory_ / "f", "two").ok());
  EXPECT_EQ(Read(directory_ / "f"), "two");
  EXPECT_EQ(env_->List(directory_.path()).ValueOrDie().size(), 1u);
  EXPECT_FALSE(env_->ReadWholeFile(directory_ / "f", 2).ok());
}

TEST_F(PosixEnvTest, SyncDirectorySpaceAndWritable) {
  EXPECT_TRUE(env_->SyncDirectory(directory_.path()).ok());
  EXPECT_FALSE(env_->SyncDirectory(directory_ / "none").ok());
  const DiskSpace space = env_->Space(directory_.path()).ValueOrDie();
  EXPECT_GT(space.total_bytes, 0);
  EXPECT_LE(space.available_bytes, space.total_bytes);
  EXPECT_TRUE(env_->CheckWritable(directory_.path()).ok());
  EXPECT_FALSE(env_->CheckWritable(directory_ / "none").ok());
  EXPECT_FALSE(env_->CheckWritable("/proc/self").ok());
}

TEST_F(PosixEnvTest, LockExcludesAndNamesItsHolder) {
  const std::string path = directory_ / "lock";
  auto lock = env_->TryLock(path).ValueOrDie();
  ASSERT_NE(lock, nullptr);
  EXPECT_EQ(env_->TryLock(path).ValueOrDie(), nullptr);
  EXPECT_THAT(Read(path), HasSubstr(fmt::format("pid {} on ", ::getpid())));
  lock.reset();
  EXPECT_NE(env_->TryLock(path).ValueOrDie(), nullptr);
}

TEST_F(PosixEnvTest, LockOfADeadProcessIsFree) {
  const std::string path = directory_ / "lock";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto lock = env_->TryLock(path);
    [[maybe_unused]] const ssize_t count = ::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(env_->TryLock(path).ValueOrDie(), nullptr);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NE(env_->TryLock(path).ValueOrDie(), nullptr);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(PosixEnvTest, LockFileRemovedByItsHolderExcludesNobodyLater) {
  const std::string path = directory_ / "lock";
  auto first = env_->TryLock(path).ValueOrDie();
  ASSERT_TRUE(env_->RemoveFile(path).ok());
  auto second = env_->TryLock(path).ValueOrDie();
  ASSERT_NE(second, nullptr) << "the name is free, so is the lock";
  EXPECT_EQ(env_->TryLock(path).ValueOrDie(), nullptr);
}

TEST(ErrnoStatusTest, OneLineWithCallPathReasonAndAdvice) {
  const Status status = WriteError(EACCES, "cannot open file for writing", "open", "/x/y");
  EXPECT_EQ(
      status.message(),
      "cannot open file for writing: /x/y: Permission denied (open); check owner and permissions");
  EXPECT_EQ(GetErrorCode(status), kNotPermittedToWrite);
  EXPECT_EQ(GetErrorKind(ReadError(ENOENT, "w", "open", "p")), ErrorKind::kSource);
  EXPECT_EQ(GetErrorKind(WriteError(EDQUOT, "w", "write", "p")), ErrorKind::kOutOfDisk);
  EXPECT_TRUE(IsNotSupported(LinkError(EINVAL, "w", "renameat2", "a", "b")));
  EXPECT_TRUE(IsNotSupported(LinkError(EXDEV, "w", "link", "a", "b")));
  EXPECT_FALSE(IsNotSupported(WriteError(EINVAL, "w", "write", "a")));
  for (const int no_locks : {ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL}) {
    EXPECT_TRUE(IsNotSupported(LockError(no_locks, "w", "flock", "a"))) << no_locks;
  }
  EXPECT_FALSE(IsNotSupported(LockError(EIO, "w", "flock", "a")));
  EXPECT_FALSE(IsAlreadyExists(Status::OK()));
}

}  // namespace
}  // namespace headrace
