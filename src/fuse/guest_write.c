/* guest_write.c -- the component that a core module is the program of.
 *
 *     (component
 *       (import ...)                                                    what is needed of the world
 *       (core module $later (table (export "table") ...) (func (export "0") ... (call_indirect ...)) ...)
 *       (core instance $l (instantiate $later))
 *       (type $r (resource (rep i32) (dtor (func $l "0"))))             exported resources
 *       (core func $f (canon lower (func ...)))                         what needs no memory
 *       (core instance $main (instantiate $module (with "iface" (instance (export "f" (func $f)) ...)) ...))
 *       (core instance $adapter (instantiate ... (with "env" (instance (export "memory" (memory $main "memory"))))
 * ...)) (core module $fill (import "" "table" ...) (import "" "0" ...) (elem (i32.const 0) ...) (start ...)) (core
 * instance (instantiate $fill ...)) (func ... (canon lift (core func $main "run") ...)) (export ...))
 *
 * The order problem: a function is lowered with a memory and a realloc of the very module that imports it; so that is
 * given a function of $later, which calls through a table, and $fill puts into that what could be made after the
 * module. So it is with functions of adapters, and with destructors. $fill also starts "_initialize".
 *
 * Requires  guest_names.c: what the imports and exports of the guests are; guest_imports.c: the imports.
 * Provides  a valid component.
 * Spec      Explainer.md "Component Definitions", "Canonical Definitions"; Binary.md.
 */
#include "fuse/guest.h"

#include "fuse/compose.h"
#include "fuse/wrap.h"

#define IMPORT_SECTION 2

/* A function that is made after who needs it. */
struct late_function {
  enum { LATE_IMPORT, LATE_DESTRUCTOR } kind;
  uint32_t guest;
  uint32_t index; /* of the import, or the destructor */
  uint32_t type;  /* into the module $later */
};

struct guest_writer {
  struct guests *g;
  struct context *context;
  struct wrapper wrapper; /* of the component; its exports are written by wrap_export.c */
  struct module *later;   /* its types, functions and table */
  struct map later_types;
  VEC(struct late_function) late;
  struct map late_of;     /* of guest and import, to index into late */
  struct map destructors; /* of resources, to index into late */
  uint32_t late_instance; /* core instances; NO_INDEX: not yet */
  uint32_t *instances;    /* of each guest */
};

static struct encoder *encoder_of(struct guest_writer *w) { return &w->wrapper.whole.scope.encoder; }

static struct guest *guest_at(const struct guest_writer *w, uint32_t guest) { return &w->g->items.items[guest]; }

static struct bytes number_name(struct guest_writer *w, uint32_t number) {
  return format_bytes(w->context, "%u", number);
}

/* What is made late. */

static bool is_late(const struct guest_writer *w, uint32_t guest, const struct guest_import *use) {
  if (use->kind == USE_ADAPTER)
    return true;
  if (use->kind != USE_CALL)
    return false;
  const struct needs needs = needs_of(w->g->plan->funcs.items[use->func].type, FLAT_LOWER);
  return guest == 0 ? needs.memory : needs.realloc; /* an adapter comes after the memory that it is given */
}

static void add_late(struct guest_writer *w, struct late_function function, const struct core_functype *type) {
  function.type = intern_functype(w->context, w->later, &w->later_types, type);
  VEC_ADD(w->context, &w->late, function);
}

static struct bytes late_key(struct guest_writer *w, uint32_t guest, uint32_t import) {
  return format_bytes(w->context, "%u %u", guest, import);
}

static void find_late(struct guest_writer *w) {
  static const struct core_valtype rep = {.code = CORE_I32};
  static const struct core_functype destructor = {.params = &rep, .param_count = 1};
  for (uint32_t n = 0; n < w->g->items.count; n++) {
    const struct guest *guest = guest_at(w, n);
    for (uint32_t i = 0; i < guest->module->imports.count; i++) {
      if (!is_late(w, n, &guest->imports[i]))
        continue;
      map_add(w->context, &w->late_of, late_key(w, n, i), w->late.count);
      add_late(w, (struct late_function){.kind = LATE_IMPORT, .guest = n, .index = i},
               &guest->module->types.items[guest->module->imports.items[i].type.type].func);
    }
    for (uint32_t i = 0; i < guest->destructors.count; i++) {
      map_add_number(w->context, &w->destructors, 'r', guest->destructors.items[i].resource, w->late.count);
      add_late(w, (struct late_function){.kind = LATE_DESTRUCTOR, .guest = n, .index = i}, &destructor);
    }
  }
}

static struct core_table_type late_table(const struct guest_writer *w) {
  const struct core_limits limits = {.minimum = w->late.count, .maximum = w->late.count, .has_maximum = true};
  return (struct core_table_type){.element = {.code = CORE_REF_NULL, .heap = HEAP_FUNC}, .limits = limits};
}

static uint32_t instantiate_module(struct guest_writer *w, struct bytes module, const struct argument *arguments,
                                   uint32_t count) {
  const struct instance_expr expression = {
      .of = emit_core_module(encoder_of(w), module), .argument_count = count, .arguments = arguments};
  return emit_core_instance(encoder_of(w), &expression);
}

static void write_later(struct guest_writer *w) {
  if (w->late.count == 0)
    return;
  VEC_ADD(w->context, &w->later->tables, ((struct core_table){.type = late_table(w)}));
  add_export(w->context, w->later, bytes_of("table"), CORE_TABLE, 0);
  for (uint32_t i = 0; i < w->late.count; i++) {
    const uint32_t type = w->late.items[i].type;
    add_export(w->context, w->later, number_name(w, i), CORE_FUNC,
               add_function(w->context, w->later, type, forwarding_body(w->context, w->later, type, i)));
  }
  w->late_instance = instantiate_module(w, write_module(w->context, w->later), NULL, 0);
}

/* Imports and resources. */

/* resourcetype. */
static void write_resource(struct guest_writer *w, uint32_t resource) {
  struct buffer b = new_buffer(w->context);
  const uint32_t destructor = map_get_number(&w->destructors, 'r', resource);
  const bool has_destructor = destructor != NOT_FOUND;
  put_byte(&b, 0x3f);
  put_byte(&b, CORE_I32);
  put_byte(&b, has_destructor);
  if (has_destructor)
    put_u32(&b, core_export(&w->wrapper, SORT_CORE_FUNC, w->late_instance, number_name(w, destructor)));
  name_resource(&w->wrapper.whole.scope, resource, STANDING_DEFINED, emit_type(encoder_of(w), &b));
}

static void write_resources(struct guest_writer *w) {
  for (uint32_t i = 0; i < w->g->plan->resources.count; i++)
    if (w->g->plan->resources.items[i].source == RESOURCE_DEFINED)
      write_resource(w, i);
}

static void set_options(struct guest_writer *w, struct canon_options *options, const struct needs *needs,
                        enum string_encoding encoding, uint32_t guest, struct bytes realloc) {
  options->has_memory = needs->memory;
  if (needs->memory)
    options->memory = core_export(&w->wrapper, SORT_CORE_MEMORY, w->instances[0], guest_at(w, 0)->memory);
  options->has_realloc = needs->realloc;
  if (needs->realloc)
    options->realloc = core_export(&w->wrapper, SORT_CORE_FUNC, w->instances[guest], realloc);
  options->has_encoding = needs->memory && encoding != ENCODING_UTF8;
  options->encoding = (uint8_t)encoding;
}

static uint32_t write_lower(struct guest_writer *w, uint32_t guest, const struct guest_import *use) {
  const struct func *func = &w->g->plan->funcs.items[use->func];
  struct canon_definition canon = {.kind = CANON_LOWER,
                                   .function = extern_index(&w->wrapper.whole.scope, func->import)};
  const struct needs needs = needs_of(func->type, FLAT_LOWER);
  set_options(w, &canon.options, &needs, use->encoding, guest, guest_at(w, guest)->import_realloc);
  return emit_canon(encoder_of(w), &canon);
}

static uint32_t write_resource_function(struct guest_writer *w, const struct guest_import *use) {
  const struct canon_definition canon = {.kind = use->kind == USE_RESOURCE_NEW   ? CANON_RESOURCE_NEW
                                                 : use->kind == USE_RESOURCE_REP ? CANON_RESOURCE_REP
                                                                                 : CANON_RESOURCE_DROP,
                                         .type = resource_index(&w->wrapper.whole.scope, use->resource)};
  return emit_canon(encoder_of(w), &canon);
}

static struct sort_index main_export(struct guest_writer *w, struct bytes name) {
  static const enum sort sorts[] = {[CORE_FUNC] = SORT_CORE_FUNC,
                                    [CORE_TABLE] = SORT_CORE_TABLE,
                                    [CORE_MEMORY] = SORT_CORE_MEMORY,
                                    [CORE_GLOBAL] = SORT_CORE_GLOBAL,
                                    [CORE_TAG] = SORT_CORE_TAG};
  const struct guest *main = guest_at(w, 0);
  const enum sort sort = sorts[main->module->exports.items[map_get(&main->export_names, name)].kind];
  return (struct sort_index){sort, core_export(&w->wrapper, sort, w->instances[0], name)};
}

/* What a guest is given for an import. */
static struct sort_index supply(struct guest_writer *w, uint32_t guest, uint32_t import) {
  const struct guest_import *use = &guest_at(w, guest)->imports[import];
  const uint32_t late = map_get(&w->late_of, late_key(w, guest, import));
  if (late != NOT_FOUND)
    return (struct sort_index){SORT_CORE_FUNC,
                               core_export(&w->wrapper, SORT_CORE_FUNC, w->late_instance, number_name(w, late))};
  if (use->kind == USE_MAIN)
    return main_export(w, use->name);
  if (use->kind == USE_CALL)
    return (struct sort_index){SORT_CORE_FUNC, write_lower(w, guest, use)};
  return (struct sort_index){SORT_CORE_FUNC, write_resource_function(w, use)};
}

/* The module's import section with names that occur once. */
static void put_imports(struct guest_writer *w, const struct guest *guest, struct buffer *out) {
  struct buffer content = new_buffer(w->context);
  put_u32(&content, guest->module->imports.count);
  for (uint32_t i = 0; i < guest->module->imports.count; i++) {
    put_name(&content, guest->module->imports.items[i].module);
    put_name(&content, guest->import_names[i]);
    put_core_extern(&content, &guest->module->imports.items[i].type);
  }
  put_section(out, IMPORT_SECTION, &content);
}

/* The module's bytes without the sections that say its world: that is what the component is. */
static struct bytes program_of(struct guest_writer *w, const struct guest *guest) {
  struct buffer out = new_buffer(w->context);
  struct reader r = reader_of(w->context, guest->bytes, guest->bytes.at);
  reserve(&out, guest->bytes.size);
  put_bytes(&out, read_bytes(&r, 8, "the preamble"));
  while (!at_end(&r)) {
    const uint8_t *start = r.at;
    const uint8_t id = read_byte(&r, "a section");
    struct reader content = read_part(&r, read_u32(&r, "the size of a section"), "a section");
    if (id == IMPORT_SECTION && guest->imports_twice)
      put_imports(w, guest, &out);
    else if (id != 0 || !starts_with(read_name(&content, "the name of a section"), bytes_of("component-type")))
      put_bytes(&out, (struct bytes){start, (size_t)(r.at - start)});
  }
  return buffer_bytes(&out);
}

/* The imports of one module name. */
struct import_group {
  struct bytes module;
  VEC(struct inline_export) exports;
};

static uint32_t make_instance(struct guest_writer *w, const struct inline_export *exports, uint32_t count) {
  const struct instance_expr expression = {.is_inline = true, .export_count = count, .exports = exports};
  return emit_core_instance(encoder_of(w), &expression);
}

static void instantiate_guest(struct guest_writer *w, uint32_t number) {
  struct context *c = w->context;
  const struct guest *guest = guest_at(w, number);
  VEC(struct import_group) groups = {0};
  struct map group_of = {0};
  for (uint32_t i = 0; i < guest->module->imports.count; i++) {
    const struct core_import *import = &guest->module->imports.items[i];
    const uint32_t at = map_add(c, &group_of, import->module, groups.count);
    if (at == groups.count)
      VEC_PUSH(c, &groups)->module = import->module;
    const struct inline_export export_ = {.name = {.name = guest->import_names[i]}, .item = supply(w, number, i)};
    VEC_ADD(c, &groups.items[at].exports, export_);
  }
  struct argument *arguments = ALLOCATE(c, struct argument, groups.count);
  for (uint32_t i = 0; i < groups.count; i++) {
    const uint32_t instance = make_instance(w, groups.items[i].exports.items, groups.items[i].exports.count);
    arguments[i] = (struct argument){groups.items[i].module, {SORT_CORE_INSTANCE, instance}};
  }
  w->instances[number] = instantiate_module(w, program_of(w, guest), arguments, groups.count);
}

/* The module that fills the table of what is late. */

static uint32_t late_target(struct guest_writer *w, const struct late_function *late) {
  const struct guest *guest = guest_at(w, late->guest);
  if (late->kind == LATE_DESTRUCTOR)
    return core_export(&w->wrapper, SORT_CORE_FUNC, w->instances[late->guest],
                       guest->destructors.items[late->index].name);
  const struct guest_import *use = &guest->imports[late->index];
  if (use->kind == USE_ADAPTER)
    return core_export(&w->wrapper, SORT_CORE_FUNC, w->instances[use->adapter], use->name);
  return write_lower(w, late->guest, use);
}

static void add_element(struct guest_writer *w, struct module *fill) {
  static const uint8_t zero[] = {0x41, 0x00, 0x0b}; /* i32.const 0, end */
  const struct core_extern table = {.kind = CORE_TABLE, .table = late_table(w)};
  uint32_t *functions = ALLOCATE(w->context, uint32_t, w->late.count);
  add_import(w->context, fill, (struct core_import){bytes_of(""), bytes_of("table"), table});
  for (uint32_t i = 0; i < w->late.count; i++)
    functions[i] = i;
  *VEC_PUSH(w->context, &fill->elements) = (struct core_element){.mode = SEGMENT_ACTIVE,
                                                                 .offset = {zero, sizeof zero},
                                                                 .type = table.table.element,
                                                                 .count = w->late.count,
                                                                 .functions = functions};
}

static void write_fill(struct guest_writer *w) {
  struct context *c = w->context;
  struct module fill = {.start = NO_INDEX};
  struct map types = {0};
  VEC(struct inline_export) given = {0};
  for (uint32_t i = 0; i < w->late.count; i++) {
    const struct core_functype *type = &w->later->types.items[w->late.items[i].type].func;
    const struct core_extern extern_ = {.kind = CORE_FUNC, .type = intern_functype(c, &fill, &types, type)};
    add_import(c, &fill, (struct core_import){bytes_of(""), number_name(w, i), extern_});
    const struct inline_export target = {.name = {.name = number_name(w, i)},
                                         .item = {SORT_CORE_FUNC, late_target(w, &w->late.items[i])}};
    VEC_ADD(c, &given, target);
  }
  if (w->late.count) {
    add_element(w, &fill);
    const struct inline_export table = {
        .name = {.name = bytes_of("table")},
        .item = {SORT_CORE_TABLE, core_export(&w->wrapper, SORT_CORE_TABLE, w->late_instance, bytes_of("table"))}};
    VEC_ADD(c, &given, table);
  }
  if (guest_at(w, 0)->initialize.size) {
    const struct core_extern extern_ = {.kind = CORE_FUNC, .type = add_functype(c, &fill, NULL, 0, NULL, 0)};
    fill.start = add_import(c, &fill, (struct core_import){bytes_of(""), bytes_of("initialize"), extern_});
    const uint32_t function = core_export(&w->wrapper, SORT_CORE_FUNC, w->instances[0], guest_at(w, 0)->initialize);
    const struct inline_export initialize = {.name = {.name = bytes_of("initialize")},
                                             .item = {SORT_CORE_FUNC, function}};
    VEC_ADD(c, &given, initialize);
  }
  if (given.count == 0)
    return;
  const uint32_t instance = make_instance(w, given.items, given.count);
  const struct argument argument = {bytes_of(""), {SORT_CORE_INSTANCE, instance}};
  instantiate_module(w, write_module(c, &fill), &argument, 1);
}

/* Exports. */

static void write_lift(struct guest_writer *w, uint32_t guest, const struct guest_export *export_) {
  const struct functype *type = w->g->plan->funcs.items[export_->func].type;
  const struct needs needs = needs_of(type, FLAT_LIFT);
  struct canon_definition canon = {.kind = CANON_LIFT,
                                   .type = functype_index(&w->wrapper.whole.scope, type),
                                   .function =
                                       core_export(&w->wrapper, SORT_CORE_FUNC, w->instances[guest], export_->name)};
  set_options(w, &canon.options, &needs, export_->encoding, guest, guest_at(w, guest)->export_realloc);
  canon.options.has_post_return = export_->post_return.size > 0;
  if (canon.options.has_post_return)
    canon.options.post_return = core_export(&w->wrapper, SORT_CORE_FUNC, w->instances[guest], export_->post_return);
  map_add_number(w->context, &w->wrapper.whole.items, 'f', export_->func, emit_canon(encoder_of(w), &canon));
}

struct bytes write_guests(struct guests *g) {
  struct context *c = g->context;
  struct guest_writer w = {.g = g, .context = c, .late_instance = NO_INDEX};
  w.wrapper = (struct wrapper){.context = c, .plan = g->plan};
  w.wrapper.whole.scope = new_type_scope(c, g->plan, ENCODE_COMPONENT, NULL);
  w.later = ALLOCATE(c, struct module, 1);
  w.later->start = NO_INDEX;
  w.instances = ALLOCATE(c, uint32_t, g->items.count);
  for (uint32_t i = 0; i < g->plan->imports.count; i++)
    declare_extern_import(&w.wrapper.whole.scope, g->plan->imports.items[i]);
  find_late(&w);
  write_later(&w);
  write_resources(&w);
  for (uint32_t i = 0; i < g->items.count; i++)
    instantiate_guest(&w, i);
  write_fill(&w);
  for (uint32_t i = 0; i < g->items.count; i++)
    for (uint32_t k = 0; k < g->items.items[i].exports.count; k++)
      write_lift(&w, i, &g->items.items[i].exports.items[k]);
  write_exports(&w.wrapper);
  return finish_component(encoder_of(&w));
}
