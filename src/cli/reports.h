/* reports.h -- what is written beside the output: reports, dependencies, what reproduces a run. */
#ifndef MELD_CLI_REPORTS_H
#define MELD_CLI_REPORTS_H

#include "cli/arguments.h"
#include "cli/inputs.h"

/* Each false after a sentence about it on standard error. */

/* The reports that were asked for, to standard error or to their files. */
bool print_reports(const struct arguments *arguments, const meld_result *result);
/* The file of --depfile. */
bool write_depfile(const struct arguments *arguments, const struct inputs *inputs);
/* The folder of --reproduce. */
bool write_reproduction(const struct arguments *arguments, const struct inputs *inputs);

#endif
