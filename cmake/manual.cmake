# manual.cmake -- the manual page: docs/meld.1.scd with the options that the command itself tells.
#
#     cmake -D MELD=… -D SCDOC=… -D SOURCE=… -D VERSION=… -D OUTPUT=… -P manual.cmake
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${MELD} help --format=scdoc OUTPUT_VARIABLE options COMMAND_ERROR_IS_FATAL ANY)
file(READ ${SOURCE} text)
string(REPLACE "@OPTIONS@" "${options}" text "${text}")
string(REPLACE "@VERSION@" "${VERSION}" text "${text}")
file(WRITE ${OUTPUT}.scd "${text}")
execute_process(COMMAND ${SCDOC} INPUT_FILE ${OUTPUT}.scd OUTPUT_FILE ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
