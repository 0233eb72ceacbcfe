# packaging.cmake -- what others get: libraries, headers, files that find them, the command, its manual and completions.
# docs/packaging.md tells it.
#
#     cmake --install build/release --prefix /usr/local
#
# The command is installed as `wasm-meld`, and `meld` is a link to it: a component of its own, `plain-name`, which the packages for
# Debian leave out (MELD_DEB, debian/packages.cmake), since Debian has another program of that name.
set(CMAKE_INSTALL_DOCDIR share/doc/wasm-meld CACHE PATH "Documentation")
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
  target_link_options(${library} INTERFACE -pthread)
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/meld)
install(TARGETS ${libraries} EXPORT meldTargets
  LIBRARY COMPONENT library NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development)
install(FILES include/meld.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(EXPORT meldTargets NAMESPACE meld:: DESTINATION ${package_dir} COMPONENT development)
configure_package_config_file(cmake/meldConfig.cmake.in ${CMAKE_BINARY_DIR}/meldConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/meldConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/meldConfig.cmake ${CMAKE_BINARY_DIR}/meldConfigVersion.cmake cmake/meldFuse.cmake
  DESTINATION ${package_dir} COMPONENT development)

# Found from where the file is, so that the whole can be moved.
cmake_path(SET pc_dir "/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}${pc_dir}"
  OUTPUT_VARIABLE MELD_PREFIX_FROM_PC)
configure_file(cmake/meld.pc.in ${CMAKE_BINARY_DIR}/meld.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/meld.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

# install_link(destination name target [component]): a link; `target` is seen from the destination.
function(install_link destination name target)
  set(component plain-name)
  if(ARGC GREATER 3)
    set(component ${ARGV3})
  endif()
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/links/${destination})
  file(CREATE_LINK ${target} ${CMAKE_BINARY_DIR}/links/${destination}/${name} SYMBOLIC)
  install(FILES ${CMAKE_BINARY_DIR}/links/${destination}/${name} DESTINATION ${destination} COMPONENT ${component})
endfunction()

set(manual_name meld)
set(zsh_completions ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
if(MELD_DEB)
  include(cmake/debian/packages.cmake)
endif()

install(PROGRAMS $<TARGET_FILE:meld> DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME wasm-meld COMPONENT command)
install_link(${CMAKE_INSTALL_BINDIR} meld wasm-meld)

# Completions, which the command itself tells. Each shell finds them by the name of the command.
foreach(shell bash zsh fish)
  set(after_completion "")
  if(MELD_DEB)
    set(after_completion COMMAND sed -i s/meld.wasm-meld/wasm-meld/ completion.${shell})
  endif()
  add_custom_command(
    OUTPUT completion.${shell}
    COMMAND meld help --format=${shell} > completion.${shell}
    ${after_completion}
    DEPENDS meld)
  list(APPEND told ${CMAKE_BINARY_DIR}/completion.${shell})
endforeach()
set(bash_completions ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
set(fish_completions ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${CMAKE_BINARY_DIR}/completion.bash DESTINATION ${bash_completions} RENAME wasm-meld COMPONENT command)
install(FILES ${CMAKE_BINARY_DIR}/completion.zsh DESTINATION ${zsh_completions} RENAME _wasm-meld COMPONENT command)
install(FILES ${CMAKE_BINARY_DIR}/completion.fish DESTINATION ${fish_completions} RENAME wasm-meld.fish COMPONENT command)
install_link(${bash_completions} meld wasm-meld)
install_link(${fish_completions} meld.fish wasm-meld.fish)

find_program(SCDOC scdoc DOC "Makes the manual page")
if(SCDOC)
  add_custom_command(
    OUTPUT meld.1
    COMMAND ${CMAKE_COMMAND} -D MELD=$<TARGET_FILE:meld> -D SCDOC=${SCDOC} -D SOURCE=${CMAKE_SOURCE_DIR}/docs/meld.1.scd
            -D VERSION=${PROJECT_VERSION} -D NAME=${manual_name} -D OUTPUT=meld.1 -P ${CMAKE_SOURCE_DIR}/cmake/manual.cmake
    ${after_manual}
    DEPENDS meld docs/meld.1.scd cmake/manual.cmake
    VERBATIM)
  list(APPEND told ${CMAKE_BINARY_DIR}/meld.1)
  install(FILES ${CMAKE_BINARY_DIR}/meld.1${packed} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 RENAME wasm-meld.1${packed}
    COMPONENT command)
  install_link(${CMAKE_INSTALL_MANDIR}/man1 meld.1 wasm-meld.1)
else()
  message(STATUS "There is no scdoc: the manual page is left out")
endif()
add_custom_target(told ALL DEPENDS ${told})
if(NOT MELD_DEB)
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright COMPONENT command)
endif()

find_program(DOXYGEN doxygen DOC "Makes the library's documentation")
if(DOXYGEN)
  add_custom_target(doc
    COMMAND ${CMAKE_COMMAND} -E env OUTPUT=${CMAKE_BINARY_DIR}/doc VERSION=${PROJECT_VERSION} ${DOXYGEN} docs/Doxyfile
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    COMMENT "Writing doc/html/index.html"
    VERBATIM)
endif()
