// Makes the lines of a server's log and goes through them: counts failures, adds up sizes, and hides addresses of mail.
#include "program.h"

#include <stdlib.h>
#include <string.h>

enum { LINES = 2000, LONGEST = 256 };

static uint32_t calls, state;

static uint32_t next_random(uint32_t below) {
  state = state * 1664525 + 1013904223;
  return (state >> 8) % below;
}

// printf would bring in the file system.
static char *put_text(char *at, const char *text) {
  size_t length = strlen(text);
  memcpy(at, text, length);
  return at + length;
}

static char *put_number(char *at, uint32_t number) {
  char digits[10];
  int count = 0;
  do
    digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  while (count)
    *at++ = digits[--count];
  return at;
}

static program_string_t make_line(char *buffer) {
  static const char *const users[] = {"anna", "béla", "chloé", "dmitri"};
  static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
  static const char *const paths[] = {"/index.html", "/search?q=wasm%20components", "/static/logo.svg",
                                      "/api/v2/orders/"};
  static const uint32_t statuses[] = {200, 200, 200, 301, 404, 500};
  char *at = buffer;
  for (int i = 0; i < 4; i++) {
    at = put_number(at, next_random(256));
    *at++ = i < 3 ? '.' : ' ';
  }
  at = put_text(at, "- ");
  at = put_text(at, users[next_random(4)]);
  if (next_random(3) == 0)
    at = put_text(at, "@example.org");
  at = put_text(at, " [26/Nov/2026:00:");
  at = put_number(at, 10 + next_random(50));
  at = put_text(at, "] \"");
  at = put_text(at, methods[next_random(4)]);
  *at++ = ' ';
  at = put_text(at, paths[next_random(4)]);
  at = put_text(at, " HTTP/1.1\" ");
  at = put_number(at, statuses[next_random(6)]);
  *at++ = ' ';
  at = put_number(at, next_random(1000000));
  return (program_string_t){(uint8_t *)buffer, (size_t)(at - buffer)};
}

static bench_regex_patterns_own_pattern_t compile(const char *expression) {
  program_string_t text, error;
  bench_regex_patterns_own_pattern_t pattern;
  program_string_set(&text, expression);
  calls++;
  if (!bench_regex_patterns_static_pattern_compile(&text, &pattern, &error))
    abort();
  return pattern;
}

static uint32_t add(uint32_t sum, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++)
    sum = (sum ^ bytes[i]) * 16777619;
  return sum;
}

typedef struct {
  bench_regex_patterns_own_pattern_t failure, number, mail;
} patterns;

static uint32_t add_line(const patterns *all, program_string_t line, uint32_t sum) {
  bench_regex_patterns_list_span_t spans;
  calls += 2;
  if (bench_regex_patterns_method_pattern_matches(bench_regex_patterns_borrow_pattern(all->failure), &line))
    sum += 7919;
  bench_regex_patterns_method_pattern_find_all(bench_regex_patterns_borrow_pattern(all->number), &line, &spans);
  for (size_t i = 0; i < spans.len; i++)
    sum = add(sum, line.ptr + spans.ptr[i].start, spans.ptr[i].end - spans.ptr[i].start);
  bench_regex_patterns_list_span_free(&spans);
  if (memchr(line.ptr, '@', line.len)) {
    program_string_t hidden, stars;
    program_string_set(&stars, "***@$domain");
    calls++;
    bench_regex_patterns_method_pattern_replace_all(bench_regex_patterns_borrow_pattern(all->mail), &line, &stars,
                                                    &hidden);
    sum = add(sum, hidden.ptr, hidden.len);
    program_string_free(&hidden);
  }
  return sum;
}

uint32_t exports_program_run(uint32_t n) {
  patterns all = {
      compile("\" (?:4|5)\\d\\d \\d+$"),
      compile("\\b\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\b|\\d+$"),
      compile("(?<name>[\\p{L}.]+)@(?<domain>[a-z]+\\.[a-z]+)"),
  };
  char buffer[LONGEST];
  uint32_t sum = 2166136261;
  state = 1;
  for (uint32_t i = 0; i < n * LINES; i++)
    sum = add_line(&all, make_line(buffer), sum);
  bench_regex_patterns_pattern_drop_own(all.failure);
  bench_regex_patterns_pattern_drop_own(all.number);
  bench_regex_patterns_pattern_drop_own(all.mail);
  calls += 3;
  return sum;
}

uint32_t exports_program_calls(void) { return calls; }
