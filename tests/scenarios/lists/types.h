#include "../guest.h"

#define API "test:lists-of-all/api"

struct narrow_first {
  u8 narrow;
  double wide;
};

struct wide_first {
  double wide;
  u8 narrow;
};
