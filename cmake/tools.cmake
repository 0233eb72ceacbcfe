# The WebAssembly tools that the tests and the example use, in one folder that all presets share. Building meld needs
# none of them.
#
# Provides  MELD_TOOLS          the folder; its bin holds python, wasm-tools, wasmtime, node
#           MELD_TOOLS_PYTHON   the interpreter there, with the `wasmtime` package
#           target `tools`      installs them, at the versions that tests/requirements.txt pins; nothing to do the next time
set(MELD_TOOLS "${CMAKE_SOURCE_DIR}/build/tools" CACHE PATH "Folder of the test tools")
set(MELD_TOOLS_PYTHON "${MELD_TOOLS}/bin/python")
set(MELD_TOOLS_COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/tools.py ${MELD_TOOLS})
add_custom_target(tools COMMAND ${MELD_TOOLS_COMMAND} USES_TERMINAL VERBATIM)
