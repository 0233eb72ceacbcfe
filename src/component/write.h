/* write.h -- a component, or a component or instance type, being written: the mirror of component/read.c.
 *
 * An encoder is one scope of the component model. Each call adds one definition and returns its index in the index
 * space of its sort, so that a caller never counts. In a component, definitions go to sections, neighbours of a kind
 * sharing one; in a type, each is a declarator.
 *
 *     struct encoder e = new_encoder(c, ENCODE_COMPONENT);
 *     uint32_t module = emit_core_module(&e, bytes);
 *     struct bytes component = finish_component(&e);
 *
 * Spec: Binary.md.
 */
#ifndef MELD_COMPONENT_WRITE_H
#define MELD_COMPONENT_WRITE_H

#include "base/buffer.h"
#include "component/component.h"

enum encoder_kind { ENCODE_COMPONENT, ENCODE_COMPONENT_TYPE, ENCODE_INSTANCE_TYPE };

struct encoder {
  struct context *context;
  enum encoder_kind kind;
  struct buffer done;    /* the component so far, up to finished sections; or declarators */
  struct buffer section; /* ENCODE_COMPONENT: the items of the open section */
  uint8_t section_id;
  uint32_t section_count; /* items in the open section; in a type, all declarators */
  uint32_t counts[SORT_COUNT];
  uint32_t *definition_count; /* of this and all that share it */
  VEC(size_t) gaps;           /* ENCODE_COMPONENT: where in `done` a section is missing that is left out */
};

struct encoder new_encoder(struct context *c, enum encoder_kind kind);
/* Counts `inner` as a part of `outer`, for DEFINITION_LIMIT. It has to be empty. */
void count_inside(struct encoder *inner, const struct encoder *outer);
struct bytes finish_component(struct encoder *e);
/* Appends the component or instance type as a deftype. */
void put_finished_type(struct buffer *b, struct encoder *e);

/* Parts that others put into definitions. */
void put_extern_name(struct buffer *b, const struct extern_name *name);
void put_extern_type(struct buffer *b, const struct extern_type *type);
void put_sort_index(struct buffer *b, struct sort_index item);
uint8_t valtype_code(enum type_kind kind); /* opcode of primvaltype or defvaltype */

/* In any scope. `deftype` is the whole production. */
uint32_t emit_type(struct encoder *e, const struct buffer *deftype);
uint32_t emit_core_type(struct encoder *e, const struct buffer *deftype, uint32_t type_count); /* index of the first */
uint32_t emit_export_alias(struct encoder *e, enum sort sort, uint32_t instance, struct bytes name);
uint32_t emit_outer_alias(struct encoder *e, enum sort sort, uint32_t count, uint32_t index);
/* In a component or a component type. */
uint32_t emit_import(struct encoder *e, const struct extern_name *name, const struct extern_type *type);
/* In a type. */
uint32_t emit_declared_export(struct encoder *e, const struct extern_name *name, const struct extern_type *type);

/* In a component. */
uint32_t emit_export(struct encoder *e, const struct extern_name *name, struct sort_index item,
                     const struct extern_type *ascribed); /* null: none */
uint32_t emit_core_export_alias(struct encoder *e, enum sort sort, uint32_t instance, struct bytes name);
uint32_t emit_core_module(struct encoder *e, struct bytes module);
/* These are of a section that is left out: what has been written so far goes before it. */
uint32_t leave_out_core_module(struct encoder *e);
uint32_t leave_out_component(struct encoder *e);
/* Such a section, up to the module of `size` bytes. */
size_t core_module_start_size(size_t size);
void put_core_module_start(struct buffer *b, size_t size);
/* The whole of a component that is not in one piece. */
size_t parted_size(const struct parted_component *parted);
void put_parted_component(struct buffer *b, const struct parted_component *parted);
uint32_t emit_component(struct encoder *e, struct bytes component);
uint32_t emit_instance(struct encoder *e, const struct instance_expr *expression);
uint32_t emit_core_instance(struct encoder *e, const struct instance_expr *expression);
/* canon.kind is lift, lower, resource.new, resource.rep or resource.drop. Returns a function (lift) or core function.
 */
uint32_t emit_canon(struct encoder *e, const struct canon_definition *canon);
void add_custom(struct encoder *e, struct bytes name, struct bytes content);

#endif
