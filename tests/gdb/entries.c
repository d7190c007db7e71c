/* Functions without parameters and locals: at -O0 their first operator belongs to their first call. */
int order[8], count;

int one(void) { return 1; }
int two(void) { order[count++] = 2; return 2; }
int three(void) {
  return two() + one();
}
int both(void) { return two() + three(); }

static inline __attribute__((always_inline)) void inner(void)
{
  count += order[0] + order[1];
}
__attribute__((noinline)) void outer(void)
{
  inner();
}

int main(void)
{
  int sum = 0;
  sum += both();
  outer();
  sum += three();
  return sum;
}
