include(CMakeFindDependencyMacro)
find_dependency(Arrow CONFIG)
set(Parquet_VERSION "${Arrow_VERSION}")
arrow_package_library(Parquet::parquet_shared libparquet Arrow::arrow_shared)
