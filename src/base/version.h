/* version.h -- the version, for all that tells it. CMakeLists.txt has it too, and compares. */
#ifndef MELD_BASE_VERSION_H
#define MELD_BASE_VERSION_H

#define MELD_VERSION "0.1.0"

#endif
