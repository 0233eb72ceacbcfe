/* read.h -- what the files of the component reader share.
 *
 *     read.c          a component: sections and definitions
 *     read_externs.c  sorts, names, aliases and the types of imports and exports
 *     read_types.c    type definitions, core and component-level
 */
#ifndef MELD_COMPONENT_READ_H
#define MELD_COMPONENT_READ_H

#include "component/component.h"

/* What is counted over the whole input. */
struct reading {
  uint32_t depth; /* components and types around the present place */
  uint32_t deepest;
  uint32_t definition_count;
  const struct parted_component *parted; /* of the root; null: it is in one piece */
};

/* read.c */
void enter_nesting(struct reader *r, struct reading *reading);
void leave_nesting(struct reading *reading);
void count_definition(struct reader *r, struct reading *reading);

/* read_externs.c */
_Noreturn void fail_byte(struct reader *r, const char *field); /* the byte just read is none of those that it may be */
bool read_flag(struct reader *r, const char *field);           /* 0x00 or 0x01 */
void expect_byte(struct reader *r, uint8_t expected, const char *field);
enum sort read_sort(struct reader *r);
enum sort read_core_sort(struct reader *r);
struct sort_index read_sort_index(struct reader *r);
struct extern_name read_extern_name(struct reader *r);
struct extern_type read_extern_type(struct reader *r);
void read_alias(struct reader *r, struct reading *reading, struct definition *into);
void read_import(struct reader *r, struct reading *reading, struct definition *into);
void read_export(struct reader *r, struct reading *reading, struct definition *into);
void read_export_declaration(struct reader *r, struct definition *into);

/* read_types.c */
struct valtype_ref read_valtype(struct reader *r, const char *field);
struct valtype_ref read_result_list(struct reader *r);
void read_core_type(struct reader *r, struct reading *reading, struct definition *into);
void read_type(struct reader *r, struct reading *reading, struct definition *into);

#endif
