/* html.h -- what the files of the page share.
 *
 *     inspect_html.c  the page, and the world
 *     html_graph.c    the graph of each component, laid out and drawn
 *     html_sizes.c    what takes the bytes, as lists in lists, which page.js shows as boxes in boxes
 *     page.css, page.js, and page_bytes.c, which embed.py makes of them
 */
#ifndef MELD_INSPECT_HTML_H
#define MELD_INSPECT_HTML_H

#include "inspect/inspection.h"

extern const char *const page_style[]; /* lines; the last is null */
extern const char *const page_script[];

#define DRAWN_NODES 600 /* of one graph; the first ones */
#define DRAWN_EDGES 3000
#define DRAWN_GRAPHS 60
#define DRAWN_BOXES 600 /* of sizes; what is small is gathered */

struct page {
  const struct inspection *inspection;
  struct buffer *out;
  struct buffer label; /* text as it is before it is escaped */
  uint32_t steps;
};

/* Text that the page is made of, as it is. */
void put_markup(struct page *p, const char *text);
/* p->label as text or as an attribute's value, of which nothing is markup; leaves it empty. */
void put_label(struct page *p);

void put_graphs(struct page *p);
void put_sizes(struct page *p);

#endif
