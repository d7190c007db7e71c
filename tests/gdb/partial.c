/* Structs of which an optimiser keeps one member: what is described of them ends before they do. */
struct pair { int a, b; };
struct large { int a; double d; int c; };

__attribute__((noinline)) int use(int x) { return x + 1; }

__attribute__((noinline)) int work(int n)
{
  struct pair p;
  p.a = use(n);
  int k = use(p.a);
  struct large l;
  l.a = use(k);
  k += use(l.a);
  return k;
}

int main(int argc, char **argv) { return work(argc); }
