# meldFuse.cmake -- fusing components as a step of a build.
#
#     find_package(meld REQUIRED)
#     meld_fuse(shop OUTPUT shop.core.wasm INPUTS app.wasm store.wasm OPTIONS --strip)
#
# meld_fuse(TARGET OUTPUT FILE INPUTS FILE... [OPTIONS OPTION...] [DEPENDS DEPENDENCY...])
#
# Makes TARGET, part of `all`, which fuses the INPUTS into OUTPUT when one of them, or the command, has changed. An input can
# be the output of another step, also of another meld_fuse(). INPUTS are relative to the current source folder if they are
# there, else to the current binary folder; OUTPUT is relative to the latter. DEPENDS names what else the step reads, such
# as the packages of a script: files or targets. The target's property MELD_OUTPUT is the whole path of OUTPUT.
function(meld_fuse target)
  cmake_parse_arguments(PARSE_ARGV 1 fuse "" "OUTPUT" "INPUTS;OPTIONS;DEPENDS")
  if(fuse_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "meld_fuse(${target}): \"${fuse_UNPARSED_ARGUMENTS}\" is said of nothing; there are OUTPUT, INPUTS, "
                        "OPTIONS and DEPENDS")
  endif()
  foreach(what OUTPUT INPUTS)
    if(NOT fuse_${what})
      message(FATAL_ERROR "meld_fuse(${target}): ${what} is missing")
    endif()
  endforeach()

  set(output "${fuse_OUTPUT}")
  cmake_path(ABSOLUTE_PATH output BASE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}" NORMALIZE)
  set(inputs "")
  foreach(input IN LISTS fuse_INPUTS)
    set(in_source "${input}")
    cmake_path(ABSOLUTE_PATH in_source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    if(NOT EXISTS "${in_source}")
      cmake_path(ABSOLUTE_PATH input BASE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}" NORMALIZE)
      list(APPEND inputs "${input}")
    else()
      list(APPEND inputs "${in_source}")
    endif()
  endforeach()

  add_custom_command(
    OUTPUT "${output}"
    COMMAND meld::command fuse ${fuse_OPTIONS} -o "${output}" -- ${inputs}
    DEPENDS ${inputs} ${fuse_DEPENDS} meld::command
    COMMENT "Fusing ${fuse_OUTPUT}"
    VERBATIM)
  add_custom_target(${target} ALL DEPENDS "${output}")
  set_target_properties(${target} PROPERTIES MELD_OUTPUT "${output}")
endfunction()
