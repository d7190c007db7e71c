/* Functions that move the shadow stack pointer while they run, and others; the names tell. */
void *keep;
int use(char *p, int n) { keep = p; return p[n - 1]; }
int still(int n) { char array[40]; array[n] = 1; return use(array, 40); }
int still_early(int n) {
  char array[400];
  if (n > 300) return 0;
  array[n] = 1;
  return use(array, 400);
}
int moving_array(int n) { char array[n]; array[n - 1] = 1; return use(array, n); }
int moving_alloca(int n) { char *p = __builtin_alloca(n); p[n - 1] = 1; return use(p, n); }
_Noreturn void moving_forever(int n) {
  for (;;) { char *p = __builtin_alloca(n); p[0] = 1; use(p, n); }
}
int main(int argc, char **argv) {
  if (argc > 5) moving_forever(argc);
  return still(argc) + still_early(argc) + moving_array(argc) + moving_alloca(argc);
}
