# manual.cmake -- the manual page: docs/meld.1.scd with the options that the command itself tells.
#
#     cmake -D MELD=… -D SCDOC=… -D SOURCE=… -D VERSION=… -D NAME=meld -D OUTPUT=… -P manual.cmake
#
# NAME is what the command is called: `meld`, or `wasm-meld` where nothing has that name.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${MELD} help --format=scdoc OUTPUT_VARIABLE options COMMAND_ERROR_IS_FATAL ANY)
file(READ ${SOURCE} text)
string(REPLACE "@OPTIONS@" "${options}" text "${text}")
string(REPLACE "@VERSION@" "${VERSION}" text "${text}")
if(NAME STREQUAL "meld")
  set(names "The command is installed as *wasm-meld* too.")
else()
  set(names "Debian has another program called meld. With /usr/lib/wasm-meld/bin first in PATH, this one has the name.")
endif()
string(REPLACE "@NAMES@" "${names}" text "${text}")
string(REPLACE "meld(1)" "${NAME}(1)" text "${text}")
foreach(before "*" "\t" "\n")
  string(REPLACE "${before}meld " "${before}${NAME} " text "${text}")
endforeach()
file(WRITE ${OUTPUT}.scd "${text}")
execute_process(COMMAND ${SCDOC} INPUT_FILE ${OUTPUT}.scd OUTPUT_FILE ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
