// Recursive descent over the tokens; split over parser.cc (operators) and parser_primary.cc
// (operands).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/ast.h"
#include "expr/errors.h"
#include "expr/lexer.h"

namespace headrace::expr {

// Role: one parse of one text. Owner: Parse. Threads: one.
// Precedence, loosest first: OR, AND, NOT, comparisons (= < IS IN BETWEEN LIKE), + - ||, * / % div,
// unary + -, ::. Errors: InvalidPlan at the first token that does not fit. Limits: kMaxDepth of
// nesting and of the tree.
class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : source_(std::make_shared<const std::string>(text)), tokens_(std::move(tokens)) {}
  Result<ExprPtr> Run();

 private:
  class NestingGuard {
   public:
    explicit NestingGuard(int* depth) : depth_(depth) { ++*depth_; }
    ~NestingGuard() { --*depth_; }

   private:
    int* depth_;
  };

  // Operators.
  Result<ExprPtr> ParseExpression();  // OR and all below
  Result<ExprPtr> ParseAnd();
  Result<ExprPtr> ParseNot();
  Result<ExprPtr> ParseComparison();
  Result<ExprPtr> ParseAdditive();
  Result<ExprPtr> ParseMultiplicative();
  Result<ExprPtr> ParseUnary();
  Result<ExprPtr> ParsePostfix();
  Result<ExprPtr> ParseIs(ExprPtr left);
  Result<ExprPtr> ParseNegatable(ExprPtr left);  // [NOT] IN, BETWEEN, LIKE, ILIKE
  Result<ExprPtr> ParseInList(ExprPtr left);

  // Operands.
  Result<ExprPtr> ParsePrimary();
  Result<ExprPtr> ParseNumber(int64_t begin, bool negative);
  Result<ExprPtr> ParseWord();
  Result<ExprPtr> ParseTypedLiteral();  // DATE '...' and its kin; null when there is none here
  Result<ExprPtr> ParseInterval();
  Result<ExprPtr> ParseCase();
  Result<ExprPtr> ParseCast(ExprKind kind);
  Result<ExprPtr> ParseCall();
  Result<ExprPtr> ParseExtract();
  Result<ExprPtr> ParseColumn();
  Result<std::shared_ptr<arrow::DataType>> ParseTypeName();

  const Token& Current() const { return tokens_[at_]; }
  const Token& Ahead(size_t count) const {
    return tokens_[std::min(at_ + count, tokens_.size() - 1)];
  }
  bool AtSymbol(std::string_view symbol) const {
    return Current().kind == TokenKind::kSymbol && Current().text == symbol;
  }
  bool AtWord(std::string_view upper) const { return Current().upper == upper; }
  bool TakeSymbol(std::string_view symbol);
  bool TakeWord(std::string_view upper);
  Status ExpectSymbol(std::string_view symbol, std::string_view after);
  Status ExpectWord(std::string_view upper, std::string_view after);
  Status ErrorHere(std::string_view what, std::string_view advice = {}) const;

  Result<ExprPtr> Make(ExprFields fields, int64_t begin);
  Result<ExprPtr> MakeCall(std::string name, std::vector<ExprPtr> children, int64_t begin);
  Result<ExprPtr> MakeLiteral(std::shared_ptr<arrow::Scalar> value, int64_t begin);

  std::shared_ptr<const std::string> source_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int nesting_ = 0;
};

}  // namespace headrace::expr
