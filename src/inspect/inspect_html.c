/* inspect_html.c -- one page that shows a file, and needs nothing else: no network, no other file.
 *
 * The graphs of instances are drawn here, and the sizes are lists; the script only adds boxes, zoom and highlights, so
 * that the page says all that it has to say without it, and to those who can't see it.
 *
 * All that comes from the input goes through put_label(), which lets nothing of it be markup.
 *
 * Requires  survey.c.
 * Provides  inspect_html.
 * Spec      HTML Living Standard; Content Security Policy 3.
 */
#include "inspect/html.h"

void put_markup(struct page *p, const char *text) { put_bytes(p->out, bytes_of(text)); }

void put_label(struct page *p) {
  for (size_t i = 0; i < p->label.size; i++) {
    switch (p->label.data[i]) {
    case '&':
      put_markup(p, "&amp;");
      break;
    case '<':
      put_markup(p, "&lt;");
      break;
    case '>':
      put_markup(p, "&gt;");
      break;
    case '"':
      put_markup(p, "&quot;");
      break;
    case '\'':
      put_markup(p, "&#39;");
      break;
    default:
      put_byte(p->out, p->label.data[i]);
    }
  }
  p->label.size = 0;
}

static void put_lines(struct page *p, const char *const *lines) {
  for (; *lines; lines++) {
    put_markup(p, *lines);
    put_byte(p->out, '\n');
  }
}

static void put_title(struct page *p) {
  const struct inspection *i = p->inspection;
  const struct bytes name = i->is_component ? i->components.items[0].name : i->modules.items[0].name;
  put_bytes(&p->label, bytes_of(i->is_component ? "Component " : "Core module "));
  put_word(&p->label, name);
  put_label(p);
}

static void put_fact(struct page *p, uint64_t count, const char *what) {
  put_markup(p, "<li><b>");
  put_count(&p->label, count);
  put_label(p);
  put_markup(p, "</b> ");
  put_markup(p, what);
  put_markup(p, count == 1 ? "</li>" : "s</li>");
}

static void put_header(struct page *p) {
  const struct inspection *i = p->inspection;
  put_markup(p, "<header><h1>");
  put_title(p);
  put_markup(p, "</h1><ul class=facts>");
  put_fact(p, i->input.size, "byte");
  if (i->is_component) {
    put_fact(p, i->world.imports.list.count, "import");
    put_fact(p, i->world.exports.list.count, "export");
    put_fact(p, i->components.count, "component");
  }
  put_fact(p, i->modules.count, "core module");
  uint32_t functions = 0;
  for (uint32_t k = 0; k < i->modules.count; k++)
    functions += i->modules.items[k].module->functions.count;
  put_fact(p, functions, "function");
  put_markup(p, "</ul></header>\n");
}

static void put_world(struct page *p) {
  put_markup(p, "<section><h2>World</h2><pre tabindex=0>");
  inspect_world(p->inspection, &p->label);
  put_label(p);
  put_markup(p, "</pre></section>\n");
}

void inspect_html(const struct inspection *inspection, struct buffer *out) {
  struct page page = {.inspection = inspection, .out = out, .label = new_buffer(out->context)}, *const p = &page;
  put_markup(p, "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>\n"
                "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; "
                "script-src 'unsafe-inline'\">\n"
                "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=color-scheme content=\"light dark\">\n<title>");
  put_title(p);
  put_markup(p, "</title>\n<style>\n");
  put_lines(p, page_style);
  put_markup(p, "</style></head><body>\n");
  put_header(p);
  put_markup(p, "<main>\n");
  if (inspection->is_component)
    put_graphs(p);
  put_sizes(p);
  put_world(p);
  put_markup(p, "</main>\n<script>\n");
  put_lines(p, page_script);
  put_markup(p, "</script></body></html>\n");
}
