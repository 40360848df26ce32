include(CMakeFindDependencyMacro)
find_dependency(Arrow CONFIG)
set(ArrowCompute_VERSION "${Arrow_VERSION}")
arrow_package_library(ArrowCompute::arrow_compute_shared libarrow_compute Arrow::arrow_shared)
