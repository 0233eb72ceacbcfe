# packages.cmake -- Debian's packages, by cpack.
#
#     cmake --workflow --preset deb
#
#     wasm-meld       the command, its manual and completions
#     libmeld0.1      the shared library
#     libmeld-dev     what programs are built with
#
# Debian has another program in a package `meld`. No file here is one of that package's, and what looks for a command's manual or
# completions by the name `meld` finds that program's: only /usr/lib/wasm-meld has a `bin/meld` with its manual page, for who
# puts that folder into PATH.
#
# Two builds give the same bytes: times are SOURCE_DATE_EPOCH or, without it, the date of the change log.
#
# Requires  CMAKE_INSTALL_PREFIX is /usr, as the preset says.
# Provides  what packaging.cmake lays out by: manual_name, zsh_completions, after_manual, packed.
set(MELD_DEB_MAINTAINER "meld maintainers <maintainers@meld.invalid>" CACHE STRING "Whom the packages name as maintainer")
set(revision 1)
set(date "Thu, 26 Nov 2026 00:00:00 +0000")
set(epoch 1795651200)
set(soversion ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(library_package libmeld${soversion})

find_program(SCDOC scdoc REQUIRED)
find_program(GZIP gzip REQUIRED)
set(pack ${GZIP} --best --no-name --force)
set(packed .gz)
set(after_manual COMMAND ${pack} meld.1)
set(manual_name wasm-meld)
set(zsh_completions ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)

install_link(lib/wasm-meld/bin meld ../../../bin/wasm-meld command)
install_link(lib/wasm-meld/man/man1 meld.1.gz ../../../../share/man/man1/wasm-meld.1.gz command)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME wasm-meld)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL command library development)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE wasm-meld)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${revision})
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${MELD_DEB_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(same_version "(= ${PROJECT_VERSION}-${revision})")

set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "fuse WebAssembly components into core modules")
set(what "meld takes WebAssembly components, however many components and modules are
inside them, and makes one ordinary core module that does the same, which
engines without a component model can run.
")

set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME wasm-meld)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_COMMAND_DESCRIPTION "${what}
The command is wasm-meld, since Debian's meld is another program.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "${what}
This is the shared library.")

# Which package, and which version of it, a program needs that uses these names; and the loader's cache is made anew.
set(control ${CMAKE_BINARY_DIR}/debian/control)
file(STRINGS ${CMAKE_SOURCE_DIR}/cmake/libmeld.map names REGEX "^    meld_")
list(TRANSFORM names REPLACE "^ *(.*);$" " \\1@MELD_${soversion} ${PROJECT_VERSION}\n")
list(JOIN names "" names)
file(WRITE ${control}/symbols "libmeld.so.${soversion} ${library_package} #MINVER#\n* Build-Depends-Package: libmeld-dev\n"
  " MELD_${soversion}@MELD_${soversion} ${PROJECT_VERSION}\n${names}")
file(WRITE ${control}/shlibs "libmeld ${soversion} ${library_package} (>= ${PROJECT_VERSION})\n")
file(WRITE ${control}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${control}/symbols ${control}/shlibs ${control}/triggers)

# The build step meld_fuse() of CMake runs the command.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libmeld-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${library_package} ${same_version}, wasm-meld ${same_version}")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "${what}
This is what programs that use the library are built with: the header, the
static library, and what pkg-config and CMake find them by.")

set(folder_of_command wasm-meld)
set(folder_of_library ${library_package})
set(folder_of_development libmeld-dev)
foreach(component ${CPACK_COMPONENTS_ALL})
  set(package ${folder_of_${component}})
  set(changelog ${CMAKE_BINARY_DIR}/debian/${package}/changelog.Debian)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${changelog} @ONLY)
  execute_process(COMMAND ${pack} ${changelog} COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${changelog}.gz ${CMAKE_CURRENT_LIST_DIR}/copyright DESTINATION share/doc/${package} COMPONENT ${component})
endforeach()

file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/debian/epoch.cmake @ONLY CONTENT
"if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  set(ENV{SOURCE_DATE_EPOCH} @epoch@)
endif()
")
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_BINARY_DIR}/debian/epoch.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/folders.cmake)
include(CPack)
