// Does what its arguments say, each `operation path [path or number]`, and prints what came of it.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) return -1;
  char *names[256];
  int count = 0;
  struct dirent *entry;
  while ((entry = readdir(dir)) && count < 256) {
    names[count] = malloc(strlen(entry->d_name) + 4);
    sprintf(names[count++], "%s:%d", entry->d_name, entry->d_type);
  }
  closedir(dir);
  qsort(names, count, sizeof *names, by_name);
  for (int i = 0; i < count; i++) printf(" %s", names[i]);
  return count;
}

static int show(const char *path, int flags) {
  int fd = open(path, flags, 0666);
  if (fd < 0) return -1;
  char buffer[64];
  ssize_t size = read(fd, buffer, sizeof buffer);
  int error = errno;
  if (size >= 0) printf(" '%.*s'", (int)size, buffer);
  close(fd);
  errno = error;
  return size;
}

static int store(const char *path, int flags, const char *text) {
  int fd = open(path, flags, 0666);
  if (fd < 0) return -1;
  ssize_t size = write(fd, text, strlen(text));
  int error = errno;
  close(fd);
  errno = error;
  return size;
}

static int describe(const char *path, int follow) {
  struct stat it;
  int result = follow ? stat(path, &it) : lstat(path, &it);
  if (result == 0)
    printf(" mode=%o size=%lld links=%lld", it.st_mode & S_IFMT,
           S_ISREG(it.st_mode) ? (long long)it.st_size : 0LL,
           S_ISREG(it.st_mode) ? (long long)it.st_nlink : 0LL);
  return result;
}

static int act(const char *what, const char *path, const char *more) {
  char buffer[256];
  if (!strcmp(what, "read")) return show(path, O_RDONLY);
  if (!strcmp(what, "readw")) return show(path, O_WRONLY);
  if (!strcmp(what, "nofollow")) return show(path, O_RDONLY | O_NOFOLLOW);
  if (!strcmp(what, "dir")) return show(path, O_RDONLY | O_DIRECTORY);
  if (!strcmp(what, "create")) return store(path, O_WRONLY | O_CREAT, more);
  if (!strcmp(what, "fresh")) return store(path, O_WRONLY | O_CREAT | O_EXCL, more);
  if (!strcmp(what, "trunc")) return store(path, O_WRONLY | O_TRUNC, more);
  if (!strcmp(what, "append")) return store(path, O_WRONLY | O_APPEND, more);
  if (!strcmp(what, "writer")) return store(path, O_RDONLY, more);
  if (!strcmp(what, "stat")) return describe(path, 1);
  if (!strcmp(what, "lstat")) return describe(path, 0);
  if (!strcmp(what, "list")) return list(path);
  if (!strcmp(what, "mkdir")) return mkdir(path, 0777);
  if (!strcmp(what, "rmdir")) return rmdir(path);
  if (!strcmp(what, "unlink")) return unlink(path);
  if (!strcmp(what, "rename")) return rename(path, more);
  if (!strcmp(what, "link")) return link(path, more);
  if (!strcmp(what, "symlink")) return symlink(path, more);
  if (!strcmp(what, "truncate")) return truncate(path, atoi(more));
  if (!strcmp(what, "access")) return access(path, R_OK);
  if (!strcmp(what, "times")) {
    struct timeval times[2] = {{1000, 0}, {2000, 5000}};
    int result = utimes(path, times);
    struct stat it;
    if (result == 0 && stat(path, &it) == 0)
      printf(" %lld %lld", (long long)it.st_atime, (long long)it.st_mtime);
    return result;
  }
  if (!strcmp(what, "readlink")) {
    ssize_t size = readlink(path, buffer, sizeof buffer);
    if (size >= 0) printf(" '%.*s'", (int)size, buffer);
    return size;
  }
  if (!strcmp(what, "exit")) exit(atoi(path));
  errno = ENOSYS;
  return -1;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    char what[32], path[512] = "", more[512] = "";
    sscanf(argv[i], "%31s %511s %511s", what, path, more);
    printf("%s ->", argv[i]);
    errno = 0;
    int result = act(what, path, more);
    if (result < 0)
      printf(" %s\n", strerror(errno));
    else
      printf(" %d\n", result);
  }
  return 0;
}
