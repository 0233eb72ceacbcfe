#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv) {
  printf("%d arguments:", argc - 1);
  for (int i = 1; i < argc; i++)
    printf(" %s", argv[i]);
  printf("\n");
  const char *home = getenv("GREETING");
  if (home)
    printf("GREETING=%s\n", home);
  char line[128];
  while (fgets(line, sizeof line, stdin))
    printf("%zu: %s", strlen(line), line);
  fprintf(stderr, "done\n");
  return time(0) > 1000000 ? 0 : 1;
}
