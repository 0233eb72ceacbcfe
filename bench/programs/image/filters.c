// Draws pictures, sharpens them by what a blurred copy lacks, turns them into grey levels, and makes small ones of
// them.
#include "program.h"

#include <stdlib.h>

enum { WIDTH = 640, HEIGHT = 400, BYTES = 3 * WIDTH, SMALL_WIDTH = 160, SMALL_HEIGHT = 100 };

typedef bench_image_pixels_own_picture_t picture;

static uint32_t calls;

static void put_row(picture of, uint32_t y, uint8_t *bytes) {
  program_list_u8_t row = {bytes, BYTES};
  calls++;
  bench_image_pixels_method_picture_put_row(bench_image_pixels_borrow_picture(of), y, &row);
}

// What comes is to be freed.
static program_list_u8_t get_row(picture of, uint32_t y) {
  program_list_u8_t row;
  calls++;
  bench_image_pixels_method_picture_row(bench_image_pixels_borrow_picture(of), y, &row);
  return row;
}

static void drop(picture it) {
  calls++;
  bench_image_pixels_picture_drop_own(it);
}

static picture draw(uint32_t seed) {
  static uint8_t row[BYTES];
  calls++;
  picture drawn = bench_image_pixels_constructor_picture(WIDTH, HEIGHT);
  for (uint32_t y = 0; y < HEIGHT; y++) {
    for (uint32_t x = 0; x < WIDTH; x++) {
      seed = seed * 1664525 + 1013904223;
      row[3 * x] = (uint8_t)(x * 255 / WIDTH);
      row[3 * x + 1] = (uint8_t)((x ^ y) + (seed >> 28));
      row[3 * x + 2] = (uint8_t)((x / 32 + y / 32) % 2 ? 200 : 40);
    }
    put_row(drawn, y, row);
  }
  return drawn;
}

static uint8_t clamp(int level) { return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level); }

static void sharpen(picture of) {
  calls++;
  picture blurred = bench_image_pixels_method_picture_blur(bench_image_pixels_borrow_picture(of), 2.0f);
  for (uint32_t y = 0; y < HEIGHT; y++) {
    program_list_u8_t sharp = get_row(of, y), soft = get_row(blurred, y);
    for (size_t i = 0; i < sharp.len; i++)
      sharp.ptr[i] = clamp(2 * sharp.ptr[i] - soft.ptr[i]);
    put_row(of, y, sharp.ptr);
    program_list_u8_free(&sharp);
    program_list_u8_free(&soft);
  }
  drop(blurred);
}

static void make_grey(picture of) {
  for (uint32_t y = 0; y < HEIGHT; y++) {
    program_list_u8_t row = get_row(of, y);
    for (size_t i = 0; i + 2 < row.len; i += 3) {
      uint32_t level = (54u * row.ptr[i] + 183u * row.ptr[i + 1] + 19u * row.ptr[i + 2]) >> 8;
      row.ptr[i] = row.ptr[i + 1] = row.ptr[i + 2] = (uint8_t)level;
    }
    put_row(of, y, row.ptr);
    program_list_u8_free(&row);
  }
}

static uint32_t add_picture(uint32_t sum, picture of, uint32_t height) {
  for (uint32_t y = 0; y < height; y++) {
    program_list_u8_t row = get_row(of, y);
    for (size_t i = 0; i < row.len; i++)
      sum = (sum ^ row.ptr[i]) * 16777619;
    program_list_u8_free(&row);
  }
  return sum;
}

uint32_t exports_program_run(uint32_t n) {
  uint32_t sum = 2166136261;
  for (uint32_t i = 0; i < n; i++) {
    picture it = draw(i);
    sharpen(it);
    make_grey(it);
    calls++;
    picture small =
        bench_image_pixels_method_picture_resize(bench_image_pixels_borrow_picture(it), SMALL_WIDTH, SMALL_HEIGHT);
    sum = add_picture(sum, it, HEIGHT);
    sum = add_picture(sum, small, SMALL_HEIGHT);
    drop(small);
    drop(it);
  }
  return sum;
}

uint32_t exports_program_calls(void) { return calls; }
