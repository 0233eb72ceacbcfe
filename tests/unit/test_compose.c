/* test_compose.c -- the names of imports and exports: versions, and what serves what. */
#include "check.h"
#include "fuse/compose.h"

#include <stdio.h>
#include <stdlib.h>

static struct item_name item(struct context *c, const char *name, const char *suffix) {
  const struct extern_name extern_name = {.name = bytes_of(name), .version_suffix = bytes_of(suffix)};
  return parse_item_name(c, &extern_name);
}

static enum match_rank rank(struct context *c, const char *import, const char *export_) {
  const struct item_name wanted = item(c, import, ""), offered = item(c, export_, "");
  return rank_match(&wanted, &offered);
}

static void test_ranks(struct context *c) {
  static const struct {
    const char *import, *export_;
    enum match_rank rank;
  } cases[] = {
      {"a:b/c@0.2.0", "a:b/c@0.2.0", MATCH_EXACT},
      {"a:b/c@0.2.0", "a:b/c@0.2.1", MATCH_NEWER},
      {"a:b/c@0.2.1", "a:b/c@0.2.0", MATCH_OLDER},
      {"a:b/c@0.2.0", "a:b/c@0.3.0", MATCH_OTHER_VERSION},
      {"a:b/c@1.2.0", "a:b/c@1.9.0", MATCH_NEWER},
      {"a:b/c@1.2.0", "a:b/c@2.0.0", MATCH_OTHER_VERSION},
      {"a:b/c@0.0.1", "a:b/c@0.0.2", MATCH_OTHER_VERSION},
      {"a:b/c@0.1.0", "a:b/c@0.0.1", MATCH_OTHER_VERSION},
      {"a:b/c@0.2.10", "a:b/c@0.2.9", MATCH_OLDER},
      {"a:b/c@0.2.0-rc", "a:b/c@0.2.0", MATCH_OTHER_VERSION},
      {"a:b/c@0.2.0-rc", "a:b/c@0.2.0-rc", MATCH_EXACT},
      {"a:b/c@0.2.0+x", "a:b/c@0.2.0+y", MATCH_EXACT},
      {"a:b/c", "a:b/c", MATCH_EXACT},
      {"a:b/c", "a:b/c@0.2.0", MATCH_OTHER_VERSION},
      {"a:b/c@0.2.0", "a:b/d@0.2.0", MATCH_NONE},
      {"run", "run", MATCH_EXACT},
      {"a:b/c@1", "a:b/c@1.5.0", MATCH_NEWER},
      {"a:b/c@0.2.x", "a:b/c@0.2.0", MATCH_OTHER_VERSION},
      {"a:b/c@1.2.3.4", "a:b/c@1.2.3", MATCH_OTHER_VERSION},
      {"a:b/c@", "a:b/c", MATCH_EXACT},
      {"a:b/c@1.", "a:b/c@1.0.0", MATCH_OTHER_VERSION},
      {"a:b/c@99999999999999999999.0.0", "a:b/c@9.0.0", MATCH_OTHER_VERSION},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
    if (rank(c, cases[i].import, cases[i].export_) != cases[i].rank) {
      fprintf(stderr, "%s by %s\n", cases[i].import, cases[i].export_);
      exit(1);
    }
}

/* A canonical name has the rest of its version in an attribute. */
static void test_suffixes(struct context *c) {
  const struct item_name whole = item(c, "a:b/c@0.2.7", ""), split = item(c, "a:b/c@0.2", ".7");
  CHECK(rank_match(&whole, &split) == MATCH_EXACT);
}

static void test_tracks(struct context *c) {
  const struct item_name old = item(c, "a:b/c@0.2.0", ""), new = item(c, "a:b/c@0.2.9", ""),
                         other = item(c, "a:b/c@2.0.0", ""), candidate = item(c, "a:b/c@0.2.0-rc", "");
  CHECK(bytes_equal(version_track(c, &old), version_track(c, &new)));
  CHECK(!bytes_equal(version_track(c, &old), version_track(c, &other)));
  CHECK(!bytes_equal(version_track(c, &old), version_track(c, &candidate)));
}

static bool matches(const char *pattern, const char *name) {
  const struct extern_name extern_name = {.name = bytes_of(name)};
  return matches_pattern(bytes_of(pattern), &extern_name);
}

static void test_patterns(void) {
  CHECK(matches("wasi:*", "wasi:io/streams@0.2.1") && matches("*", "run") && matches("*", ""));
  CHECK(matches("wasi:io/streams", "wasi:io/streams@0.2.1") &&
        matches("wasi:io/streams@0.2.1", "wasi:io/streams@0.2.1"));
  CHECK(!matches("wasi:io/stream", "wasi:io/streams@0.2.1") &&
        !matches("wasi:io/streams@0.2", "wasi:io/streams@0.2.1"));
  CHECK(!matches("", "run") && !matches("run", "ru") && !matches("wasi:*", "was") && !matches("", "@"));
}

static void test_all(struct context *c, void *unused) {
  (void)unused;
  test_ranks(c);
  test_suffixes(c);
  test_tracks(c);
  test_patterns();
}

int main(void) {
  struct context context = {0};
  CHECK(run_guarded(&context, test_all, NULL));
  context_free(&context);
  return failures != 0;
}
