// The world `leaf` in C, with the bindings that `wit-bindgen c` generates.
#include "leaf.h"

#include <stdlib.h>
#include <string.h>

typedef exports_example_words_store_own_dictionary_t own;
typedef exports_example_words_store_borrow_dictionary_t borrowed;

struct exports_example_words_store_dictionary_t {
  leaf_string_t name;
  leaf_tuple2_string_u32_t *words; // in order
  size_t count;
};

static int compare(leaf_string_t a, leaf_string_t b) {
  int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
  return order ? order : (a.len > b.len) - (a.len < b.len);
}

// Takes the word.
static uint32_t count_word(borrowed self, leaf_string_t word, uint32_t times) {
  size_t at = 0;
  while (at < self->count && compare(self->words[at].f0, word) < 0)
    at++;
  if (at < self->count && compare(self->words[at].f0, word) == 0) {
    leaf_string_free(&word);
    return self->words[at].f1 += times;
  }
  self->words = realloc(self->words, (self->count + 1) * sizeof *self->words);
  memmove(self->words + at + 1, self->words + at, (self->count - at) * sizeof *self->words);
  self->words[at] = (leaf_tuple2_string_u32_t){word, times};
  self->count++;
  return times;
}

static leaf_string_t join(leaf_string_t a, const char *between, leaf_string_t b) {
  size_t middle = strlen(between);
  leaf_string_t all = {malloc(a.len + middle + b.len), a.len + middle + b.len};
  memcpy(all.ptr, a.ptr, a.len);
  memcpy(all.ptr + a.len, between, middle);
  memcpy(all.ptr + a.len + middle, b.ptr, b.len);
  return all;
}

static borrowed create(leaf_string_t name) {
  borrowed self = calloc(1, sizeof *self);
  self->name = name;
  return self;
}

own exports_example_words_store_constructor_dictionary(leaf_string_t *name) {
  return exports_example_words_store_dictionary_new(create(*name));
}

bool exports_example_words_store_method_dictionary_add(borrowed self, leaf_string_t *word, uint32_t *ret,
                                                       leaf_string_t *err) {
  if (word->len == 0) {
    *err = join(self->name, " takes no empty words", *word);
    return false;
  }
  *ret = count_word(self, *word, 1);
  return true;
}

void exports_example_words_store_method_dictionary_words(borrowed self, leaf_list_tuple2_string_u32_t *ret) {
  *ret = (leaf_list_tuple2_string_u32_t){malloc(self->count * sizeof *ret->ptr), self->count};
  for (size_t i = 0; i < self->count; i++) {
    leaf_string_dup_n(&ret->ptr[i].f0, (const char *)self->words[i].f0.ptr, self->words[i].f0.len);
    ret->ptr[i].f1 = self->words[i].f1;
  }
}

own exports_example_words_store_static_dictionary_merge(own a, own b) {
  borrowed parts[] = {exports_example_words_store_dictionary_rep(a), exports_example_words_store_dictionary_rep(b)};
  borrowed merged = create(join(parts[0]->name, "+", parts[1]->name));
  for (int part = 0; part < 2; part++)
    for (size_t i = 0; i < parts[part]->count; i++) {
      leaf_string_t word;
      leaf_string_dup_n(&word, (const char *)parts[part]->words[i].f0.ptr, parts[part]->words[i].f0.len);
      count_word(merged, word, parts[part]->words[i].f1);
    }
  exports_example_words_store_dictionary_drop_own(a);
  exports_example_words_store_dictionary_drop_own(b);
  return exports_example_words_store_dictionary_new(merged);
}

void exports_example_words_store_dictionary_destructor(borrowed self) {
  for (size_t i = 0; i < self->count; i++)
    leaf_string_free(&self->words[i].f0);
  free(self->words);
  leaf_string_free(&self->name);
  free(self);
}
