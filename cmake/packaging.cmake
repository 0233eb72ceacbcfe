# packaging.cmake -- what others get: libraries, headers, files that find them, the command, its manual and completions; and
# packages of that. docs/packaging.md tells it.
#
#     cmake --install build/release --prefix /usr/local
#     cpack --config build/release/CPackConfig.cmake
#
# The command is installed as `wasm-meld`, and `meld` is a link to it: a component of its own, which the Debian package leaves
# out, since Debian has another program of that name.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The static library is one object whose inner names are local, so that they meet none of the program that it is linked into.
set(one_object ${CMAKE_BINARY_DIR}/meld_one${CMAKE_C_OUTPUT_EXTENSION})
add_custom_command(
  OUTPUT ${one_object}
  COMMAND ${CMAKE_LINKER} -r -o ${one_object} $<TARGET_OBJECTS:meld_objects>
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${one_object}
  DEPENDS meld_objects $<TARGET_OBJECTS:meld_objects>
  COMMENT "Making one object of libmeld"
  COMMAND_EXPAND_LISTS VERBATIM)
add_library(meld_static STATIC ${one_object})
set_target_properties(meld_static PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME meld EXPORT_NAME static)
set(libraries meld_static)

if(MELD_SHARED)
  # Before 1.0, each minor version may change the structures of meld.h.
  add_library(meld_shared SHARED $<TARGET_OBJECTS:meld_objects>)
  set_target_properties(meld_shared PROPERTIES
    OUTPUT_NAME meld EXPORT_NAME meld
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/libmeld.map)
  target_link_options(meld_shared PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/libmeld.map)
  list(APPEND libraries meld_shared)
endif()
foreach(library ${libraries})
  target_include_directories(${library} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/meld)
install(TARGETS ${libraries} EXPORT meldTargets COMPONENT library)
install(FILES include/meld.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)
install(EXPORT meldTargets NAMESPACE meld:: DESTINATION ${package_dir} COMPONENT library)
configure_package_config_file(cmake/meldConfig.cmake.in ${CMAKE_BINARY_DIR}/meldConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/meldConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/meldConfig.cmake ${CMAKE_BINARY_DIR}/meldConfigVersion.cmake cmake/meldFuse.cmake
  DESTINATION ${package_dir} COMPONENT library)

# Found from where the file is, so that the whole can be moved.
cmake_path(SET pc_dir "/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}${pc_dir}"
  OUTPUT_VARIABLE MELD_PREFIX_FROM_PC)
configure_file(cmake/meld.pc.in ${CMAKE_BINARY_DIR}/meld.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/meld.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)

# install_link(destination name target): a link beside what it leads to.
function(install_link destination name target)
  file(CREATE_LINK ${target} ${CMAKE_BINARY_DIR}/links/${destination}/${name} SYMBOLIC)
  install(FILES ${CMAKE_BINARY_DIR}/links/${destination}/${name} DESTINATION ${destination} COMPONENT plain-name)
endfunction()

install(PROGRAMS $<TARGET_FILE:meld> DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME wasm-meld COMPONENT command)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/links/${CMAKE_INSTALL_BINDIR})
install_link(${CMAKE_INSTALL_BINDIR} meld wasm-meld)
