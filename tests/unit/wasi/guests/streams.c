// Arguments, environment, standard streams, seeking, clocks, random bytes, sleeping, polling.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv) {
  for (int i = 0; i < argc; i++) printf("arg %d '%s'\n", i, argv[i]);
  for (char **e = environ; *e; e++) printf("env '%s'\n", *e);
  char line[100];
  while (fgets(line, sizeof line, stdin)) printf("in '%s'\n", line);
  printf("eof %d error %d\n", feof(stdin), ferror(stdin));
  fprintf(stderr, "to stderr\n");

  FILE *file = fopen("/0/numbers", "w+");
  for (int i = 0; i < 1000; i++) fprintf(file, "%d\n", i);
  printf("at %ld\n", ftell(file));
  fseek(file, 102, SEEK_SET);
  printf("then '%s'\n", strtok(fgets(line, sizeof line, file), "\n"));
  fseek(file, -4, SEEK_END);
  printf("last %s", fgets(line, sizeof line, file));
  printf("before %d %d\n", fseek(file, -1, SEEK_SET), errno == EINVAL);
  fclose(file);

  struct timespec start, end, pause = {0, 3000000};
  clock_gettime(CLOCK_MONOTONIC, &start);
  nanosleep(&pause, NULL);
  clock_gettime(CLOCK_MONOTONIC, &end);
  long long spent = (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec;
  printf("slept %d\n", spent >= 3000000);
  printf("year %d\n", time(NULL) > 1700000000);
  unsigned char random[32] = {0}, none[32] = {0};
  printf("random %d\n", getentropy(random, sizeof random) == 0 && memcmp(random, none, 32));

  struct pollfd fds[1] = {{.fd = 1, .events = POLLOUT}};
  printf("poll %d", poll(fds, 1, 1000));
  printf(" %d\n", fds[0].revents);
  printf("tty %d %d\n", isatty(0), isatty(1));
  fflush(stdout);
  return argc > 1 ? atoi(argv[1]) : 0;
}
