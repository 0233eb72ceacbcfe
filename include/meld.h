/* meld.h -- the public interface of libmeld: WebAssembly components become core modules.
 *
 *     meld_options options = meld_default_options();
 *     meld_result result;
 *     if (meld_fuse(&options, input, input_size, &result) == MELD_DONE)
 *       use(result.data, result.size);
 *     else
 *       fprintf(stderr, "%s\n", result.message);
 *     meld_result_free(&result);
 *
 * Input and output are in memory; the library opens no file, prints nothing, never exits and keeps nothing between
 * calls: any number of threads may call it at the same time. The same input and options give the same bytes, always.
 */
#ifndef MELD_H
#define MELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the library exports. */
#if defined(__GNUC__)
#define MELD_API __attribute__((visibility("default")))
#else
#define MELD_API
#endif

/* How a call ended. */
typedef enum meld_status {
  MELD_DONE = 0,
  MELD_INPUT = 1,    /* the input is at fault: malformed, invalid, over a limit, or not supported */
  MELD_USAGE = 2,    /* the options are at fault */
  MELD_SYSTEM = 3,   /* memory ran out */
  MELD_INTERNAL = 4, /* meld is at fault: what it made does not pass its own check; please report it */
} meld_status;

/* What a call makes. */
typedef enum meld_output {
  MELD_OUTPUT_CORE,           /* one core module */
  MELD_OUTPUT_COMPONENT,      /* a component around that module, with the imports and exports of the input */
  MELD_OUTPUT_COMPOSED,       /* the component that holds the inputs, which are not fused */
  MELD_OUTPUT_DUMP_COMPONENT, /* text: the input's definitions, as read */
  MELD_OUTPUT_DUMP_PLAN,      /* text: what is left once the instantiation has been run */
} meld_output;

/* May the code that meld adds use instructions on vectors (v128)? */
typedef enum meld_simd {
  MELD_SIMD_AUTO, /* where some core module of the input does */
  MELD_SIMD_ON,
  MELD_SIMD_OFF,
} meld_simd;

/* Which tools does the section `producers` of the output name? */
typedef enum meld_producers {
  MELD_PRODUCERS_ALL, /* those of the inputs, and meld */
  MELD_PRODUCERS_OWN, /* meld */
  MELD_PRODUCERS_NONE,
} meld_producers;

/* What can be told of what was done, beside the output; docs/cli.md shows them. */
typedef enum meld_report {
  MELD_REPORT_STATS,   /* sizes by origin, counts, time by pass */
  MELD_REPORT_EXPLAIN, /* each boundary: who calls whom, through what, what is checked and what need not be */
  MELD_REPORT_MAP,     /* each item of the output and where it comes from */
  MELD_REPORT_WHY,     /* what keeps `why` in the output */
  MELD_REPORT_COUNT,   /* of them */
} meld_report;

/* Whether a report is asked for, and in which form. */
typedef enum meld_form {
  MELD_FORM_NONE, /* it is not asked for */
  MELD_FORM_TEXT,
  MELD_FORM_JSON,
} meld_form;

/* What a call is asked for; meld_default_options() fills it in. */
typedef struct meld_options {
  meld_output output;       /* what to make */
  bool strip;               /* leave out the name section */
  bool keep_debug;          /* keep debug sections of the core modules (.debug_*), as they are, and names of locals */
  bool validate;            /* check the types of all code, not only its structure */
  meld_simd simd;           /* whether what meld adds may use vectors */
  unsigned threads;         /* that may work on a large input at the same time; 0: as many as there are processors */
  meld_producers producers; /* which tools the output names */
  /* MELD_OUTPUT_CORE and MELD_OUTPUT_COMPONENT. What is made does not depend on what is told of it. */
  meld_form reports[MELD_REPORT_COUNT];
  const char *why; /* with MELD_REPORT_WHY */
  /* Where memory comes from. Both or neither; null: malloc and free. `allocate` returns null when there is none; its
   * blocks are aligned for any type. The output of a result is such a block too. Where `threads` is more than 1, each
   * of them calls `allocate`; where it is 0 and these are given, there is one. */
  void *(*allocate)(void *user, size_t size);
  void (*release)(void *user, void *block); /* gives a block back */
  /* Where the output goes, in place of `data` of the result: it is called with one piece after the other, once all
   * that can be wrong of the input has been looked at. False ends the run with MELD_SYSTEM. Null: to `data`. */
  bool (*write)(void *user, const uint8_t *data, size_t size);
  void *user; /* passed to these as it is */
} meld_options;

#define MELD_NO_OFFSET SIZE_MAX  /* an offset that is none */
#define MELD_NO_INDEX UINT32_MAX /* an index that is none */
#define MELD_PLACE_LIMIT 128     /* as many steps as a result has room for */

/* A step on the way to what went wrong: `component $auth`, `instance 3 "wasi:io/streams@0.2.0"`. */
typedef struct meld_place {
  const char *what;   /* "component", "core instance", "import", ...; never freed */
  uint32_t index;     /* MELD_NO_INDEX: none */
  bool is_identifier; /* the name is of the input's name section */
  char name[128];     /* empty: none; escaped, and cut where it is longer */
} meld_place;

/* A text in UTF-8, owned by the result. */
typedef struct meld_text {
  char *text;  /* null: it was not asked for */
  size_t size; /* in bytes */
  void *block; /* what it is in, as `block` of the result is */
} meld_text;

/* What a call has made, or what went wrong. */
typedef struct meld_result {
  meld_status status; /* how the call ended */
  uint8_t *data;      /* MELD_DONE: the output, owned by the result, unless it has been written; else null */
  size_t size;        /* of the output, in bytes */
  meld_text reports[MELD_REPORT_COUNT]; /* MELD_DONE: those that were asked for */
  /* Otherwise, what went wrong. */
  uint32_t input;     /* which input is at fault, from 0; MELD_NO_INDEX: none in particular */
  size_t offset;      /* in the input, in bytes from its start; MELD_NO_OFFSET: none */
  char path[1024];    /* the way to it from the root, "component $auth, core instance 3"; may be empty */
  char message[1024]; /* one sentence, without a full stop */
  char hint[512];     /* what to do about it; may be empty */
  meld_place places[MELD_PLACE_LIMIT]; /* `path` in its parts */
  uint32_t place_count;                /* of them */
  /* To free `data` with, which is in `block`. */
  void (*release)(void *user, void *block);
  void *user;  /* what `release` is called with */
  void *block; /* what it is called for */
} meld_result;

/* A core module, names kept, memory from malloc. */
MELD_API meld_options meld_default_options(void);

/* Fuses the component `input` of `size` bytes, or core module with component-type sections, which is only read, and
 * only during the call. A null `options` means the default ones. Fills in `result`, whatever happens, and returns its
 * status. */
MELD_API meld_status meld_fuse(const meld_options *options, const uint8_t *input, size_t size, meld_result *result);

/* One of several components that become one; or a core module with component-type sections, of which a component is
 * made first. */
typedef struct meld_input {
  const char *name;    /* what wires and messages call it; with a script, the package: "test:store" */
  const uint8_t *data; /* a component, only read */
  size_t size;         /* of data, in bytes */
} meld_input;

/* An instruction about what goes where. ITEM is the name of an import or export, such as "wasi:io/streams@0.2.3"; its
 * version can be left out, `*` can end it, and it can stand behind the name of an input and a colon. */
typedef enum meld_wire_kind {
  MELD_LINK,   /* "app:ITEM=store:ITEM": this import is for that export; "app:ITEM=store": for the one of its name */
  MELD_HOST,   /* "ITEM": stays an import of the whole, although an input exports it */
  MELD_EXPORT, /* "ITEM": is an export of the whole, although an input uses it */
  MELD_HIDE,   /* "ITEM": is no export of the whole, although no input uses it */
  MELD_CLOSED, /* "ITEM": no other import may stay open; "": none at all */
} meld_wire_kind;

/* One such instruction. */
typedef struct meld_wire {
  meld_wire_kind kind; /* what to do */
  const char *text;    /* with what, as said there */
} meld_wire;

/* Components, and how they come together. */
typedef struct meld_composition {
  const meld_input *inputs; /* the components */
  size_t input_count;       /* of them */
  const meld_wire *wires;   /* how, where names and versions don't say it; null: none */
  size_t wire_count;        /* of them */
  const char *script;       /* in the .wac language, in place of wires other than MELD_CLOSED; null: none */
  size_t script_size;       /* in bytes */
  /* Core modules that give functions to inputs that are core modules: the name is that of the imports they serve, such
   * as "wasi_snapshot_preview1". In results their numbers follow those of the inputs. */
  const meld_input *adapters;
  size_t adapter_count; /* of them */
} meld_composition;

/* Composes the inputs into one component and fuses that. An import is for the export of another input that has its name
 * and a compatible version; what no input exports stays an import of the whole, and what no input uses is an export of
 * it. All that is given is only read, and only during the call. */
MELD_API meld_status meld_fuse_all(const meld_options *options, const meld_composition *composition,
                                   meld_result *result);

/* The output is a text: the packages that the script instantiates, one a line. They are the inputs that it needs. */
MELD_API meld_status meld_list_packages(const meld_options *options, const char *script, size_t size,
                                        meld_result *result);

/* Checks `input`, a component or a core module, alone: MELD_DONE if it is valid, and there is no output. The options'
 * memory hooks count, the rest of them does not. */
MELD_API meld_status meld_validate(const meld_options *options, const uint8_t *input, size_t size, meld_result *result);

/* How what a file consists of is shown; docs/cli.md describes each. */
typedef enum meld_inspection {
  MELD_INSPECT_TEXT, /* for people */
  MELD_INSPECT_JSON, /* for programs */
  MELD_INSPECT_DOT,  /* the graph of instances, in the language of Graphviz */
  MELD_INSPECT_HTML, /* a page with the graph and the sizes, which needs no other file */
} meld_inspection;

/* What `input`, a component or a core module, consists of: its world, what is nested in it, its instances and sizes.
 * The output is a text in UTF-8. A component has to be valid; the code in core modules is not looked at. The options'
 * memory hooks and `write` count, the rest of them does not. */
MELD_API meld_status meld_inspect(const meld_options *options, meld_inspection form, const uint8_t *input, size_t size,
                                  meld_result *result);

/* Frees the output of a result. Harmless on one that failed or was freed already. */
MELD_API void meld_result_free(meld_result *result);

/* "input", "usage", "system", "internal": for programs, as the command's JSON messages have it. */
MELD_API const char *meld_status_name(meld_status status);

/* Copies `text` of `size` bytes, such as the name of a file, to `to` as messages show it: control characters and bytes
 * that are not UTF-8 stand as escapes. Copies what there is room for, ends it with a zero, and returns its size. */
MELD_API size_t meld_escape(char *to, size_t capacity, const char *text, size_t size);

/* "0.1.0". */
MELD_API const char *meld_version(void);

#ifdef __cplusplus
}
#endif

#endif
