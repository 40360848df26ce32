// Structure scan: where fields and records end in a block of text, as one bit per byte.
//
// Two kinds of scanners give the same answer for regular text (a test holds them against each
// other):
//  - portable, AVX2, AVX-512 and NEON: quote parity; a few operations per 64 bytes. They also tell
//  whether quoting is regular.
//  - state machine: byte by byte, for text whose quoting parity does not decide (stray quotes,
//  escapes, comments).
// Everything behind the scan (record index, conversion, type inference) sees only the bits.
#pragma once

#include <cstdint>
#include <string_view>

#include "source/csv/dialect.h"

namespace headrace {

// Bytes that may be read (and mean nothing) before and after the text of a block, so that inner
// loops need no bounds.
inline constexpr int64_t kTextPadding = 64;

// Words of 64 bits that a scan writes for a text of this length.
constexpr int64_t StructureWords(int64_t length) { return (length + 63) / 64; }

enum class QuoteError : uint8_t {
  kNone,
  kTextAfterClosingQuote,
  kNeverClosed,  // of the reader: the whole text is the one record in which that quote stands
};

struct StructureScan {
  int64_t record_end = 0;  // one past the newline of the last whole record; 0 = no whole record
  int64_t fields = 0;      // set bits before record_end
  int64_t records = 0;     // set bits of newlines before record_end
  int64_t lines = 0;       // all newlines before record_end, also those inside quotes
  bool regular = true;     // parity scanners: quotes stand only where the RFC allows them
  bool ascii = true;
  bool carriage_returns = false;
  bool quotes = false;       // any quote at all
  bool unescape = false;     // some field holds a doubled quote or an escape
  bool ends_quoted = false;  // the text ends inside quotes
  int64_t open_quote = -1;   // state machine: where the quote that is still open at the end stands
  int64_t comments = 0;      // state machine: comment records among `records`
  QuoteError error = QuoteError::kNone;  // state machine: the first one, at error_at
  int64_t error_at = -1;
  int64_t repaired_at = -1;  // where the first record begins whose quotes were repaired
};

// How records with mistaken quotes are read where they are to be repaired.
struct QuoteRepair {
  int columns = 0;        // fields that a record should have; 0 = not known
  bool is_whole = false;  // the text ends here: a quote that is still open is never closed
};

// `text` starts at a record. Sets bit i of `bits` where byte i is a delimiter or newline outside
// quotes; bits beyond record_end are unspecified. kTextPadding bytes around the text must be
// readable.
using StructureScanner = StructureScan (*)(const uint8_t* text, int64_t length,
                                           const Dialect& dialect, uint64_t* bits);

// Writes the positions of the set bits in [begin, end) in order, stopping after the 64-bit word in
// which their count passes `wanted`. `out` has room for wanted + 64 values. Returns the count.
int64_t FlattenStructure(const uint64_t* bits, int64_t begin, int64_t end, int64_t wanted,
                         uint32_t* out);

StructureScan ScanStructurePortable(const uint8_t* text, int64_t length, const Dialect& dialect,
                                    uint64_t* bits);
StructureScan ScanStructureAvx2(const uint8_t* text, int64_t length, const Dialect& dialect,
                                uint64_t* bits);
StructureScan ScanStructureAvx512(const uint8_t* text, int64_t length, const Dialect& dialect,
                                  uint64_t* bits);
StructureScan ScanStructureNeon(const uint8_t* text, int64_t length, const Dialect& dialect,
                                uint64_t* bits);
StructureScan ScanStructureByState(const uint8_t* text, int64_t length, const Dialect& dialect,
                                   uint64_t* bits);

// The fastest parity scanner of this processor, and whether it can run the named one.
StructureScanner BestParityScanner();
std::string_view BestParityScannerName();
bool CanScanAvx2();
bool CanScanAvx512();
bool CanScanNeon();

// Where a quote is not closed at the end of its field, or never, the record is read twice from its
// start: with such quotes as ordinary bytes, and as opening fields that the first quote at the end
// of a field on the same line closes. What has the number of fields that is nearer to
// `repair.columns` is kept, the latter of two. Either way a mistake ends with its line. There are
// no errors; `ends_quoted` is also set where one of the readings does not end in this text.
StructureScan ScanStructureRepairing(const uint8_t* text, int64_t length, const Dialect& dialect,
                                     const QuoteRepair& repair, uint64_t* bits);

// Scans by parity where that decides and the text is regular, else by state.
StructureScan ScanStructure(const uint8_t* text, int64_t length, const Dialect& dialect,
                            uint64_t* bits);

}  // namespace headrace
