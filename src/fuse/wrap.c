/* wrap.c -- the component around the fused module, with the world of the input unchanged.
 *
 *     (component
 *       (import ...)                                   the root's imports, in their order
 *       (core module $support ...)                     only if the order of definition asks for it
 *       (core func ... (canon lower ...))              what the fused module imports
 *       (core instance $fused (instantiate ...))
 *       (func ... (canon lift ...))                    what the root exports
 *       (export ...))                                  in the order of the root's
 *
 * The order problem: a function is lowered with a memory and a realloc of the very module that imports it. Here the
 * memory comes from the support module, which exists before, and the realloc is a trampoline: a function of the support
 * module that calls through a table, which the fused module fills when it is instantiated. Destructors of exported
 * resources are reached in the same way.
 *
 * The fused module is by far the largest part, and is written into its place on the way out: what is made here is what
 * comes before it and after it.
 *
 * Requires  adapt.c: what crosses the boundary; merge.c: the fused module, whose imports are boundary imports.
 * Provides  wrap_module; and put_wrapped: a valid component, or the module alone where it has no wrapping.
 * Spec      Explainer.md "Component Definitions"; Binary.md.
 */
#include "fuse/wrap.h"

#include "fuse/metadata.h"

#include <assert.h>

/* componentnamesubsec of Binary.md "Name Section". */
static void write_component_name(struct encoder *e, struct bytes name) {
  if (name.size == 0)
    return;
  struct buffer content = new_buffer(e->context), section = new_buffer(e->context);
  put_name(&content, name);
  put_section(&section, 0x00, &content);
  add_custom(e, bytes_of("component-name"), buffer_bytes(&section));
}

static void write_metadata(struct encoder *e, const struct plan *plan, const struct fuse_options *options) {
  const struct metadata metadata = merge_metadata(e->context, plan, options);
  for (uint32_t i = 0; i < metadata.sections.count; i++)
    add_custom(e, metadata.sections.items[i].name, metadata.sections.items[i].content);
}

struct wrapping wrap_module(struct context *c, const struct plan *plan, const struct fuse_options *options,
                            const struct module *fused) {
  check_extern_depth(c, plan);
  struct wrapper w = {
      .context = c, .plan = plan, .fused = fused, .support_instance = NO_INDEX, .fused_instance = NO_INDEX};
  w.whole.scope = new_type_scope(c, plan, ENCODE_COMPONENT, NULL);
  for (uint32_t n = 0; n < plan->boundary_exports.count; n++)
    map_add_number(c, &w.boundary_exports, 'f', plan->boundary_exports.items[n].func, n);
  write_imports(&w.whole.scope, plan->root);
  write_core(&w);
  write_exports(&w);
  write_component_name(&w.whole.scope.encoder, plan->root->name);
  write_metadata(&w.whole.scope.encoder, plan, options);
  const struct bytes around = finish_component(&w.whole.scope.encoder);
  assert(w.whole.scope.encoder.gaps.count == 1);
  const size_t gap = w.whole.scope.encoder.gaps.items[0];
  return (struct wrapping){{around.at, gap}, {around.at + gap, around.size - gap}};
}

size_t wrapped_size(const struct module *fused, const struct wrapping *wrapping) {
  const size_t size = module_size(fused), start = wrapping->before.size ? core_module_start_size(size) : 0;
  return wrapping->before.size + start + size + wrapping->after.size;
}

void put_wrapped(struct buffer *b, const struct module *fused, const struct wrapping *wrapping) {
  put_bytes(b, wrapping->before);
  if (wrapping->before.size)
    put_core_module_start(b, module_size(fused));
  put_core_module(b, fused);
  put_bytes(b, wrapping->after);
}
