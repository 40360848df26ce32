// Upper and lower case.
#pragma once

#include "expr/kernel.h"

namespace headrace::expr {

// text -> text. Full Unicode mapping but for one rule that looks at the neighbours: a Greek capital
// sigma at the end of a word becomes the ordinary small sigma.
Kernel UpperKernel();
Kernel LowerKernel();

}  // namespace headrace::expr
