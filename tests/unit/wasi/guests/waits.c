// Waits for a line of standard input, then for a tenth of a second, then for room in standard output.
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void) {
  char line[100];
  if (!fgets(line, sizeof line, stdin)) return 1;
  long long start = now();
  struct timespec pause = {0, 100000000};
  if (nanosleep(&pause, NULL) != 0) return 2;
  long long spent = now() - start;
  if (spent < 100000000 || spent > 5000000000LL) return 3;
  static char block[200000];
  memset(block, 'x', sizeof block);
  size_t done = 0;
  while (done < sizeof block) {
    ssize_t written = write(1, block + done, sizeof block - done);
    if (written <= 0) return 4;
    done += written;
  }
  return strcmp(line, "hello\n") ? 5 : 42;
}
