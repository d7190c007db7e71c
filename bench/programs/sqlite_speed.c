/* A database in memory: a table is filled, indexed, joined, updated and summed up.  Time is taken inside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3.h"
#include "timing.h"

static sqlite3 *database;
static uint32_t mix;

static int no_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs, (void)name, (void)file, (void)flags, (void)out;
    return SQLITE_CANTOPEN;
}

static int no_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs, (void)name, (void)sync;
    return SQLITE_OK;
}

static int no_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs, (void)name, (void)flags;
    *out = 0;
    return SQLITE_OK;
}

static int same_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

static int fixed_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    for (int i = 0; i < size; i++)
        out[i] = (char)(i * 37 + 11);
    return size;
}

static int no_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int fixed_time(sqlite3_vfs *vfs, double *julian)
{
    (void)vfs;
    *julian = 2460000.5;
    return SQLITE_OK;
}

static sqlite3_vfs nowhere = {
    .iVersion = 1,
    .szOsFile = sizeof(sqlite3_file),
    .mxPathname = 100,
    .zName = "nowhere",
    .xOpen = no_open,
    .xDelete = no_delete,
    .xAccess = no_access,
    .xFullPathname = same_name,
    .xRandomness = fixed_randomness,
    .xSleep = no_sleep,
    .xCurrentTime = fixed_time,
};

int sqlite3_os_init(void)
{
    return sqlite3_vfs_register(&nowhere, 1);
}

int sqlite3_os_end(void)
{
    return SQLITE_OK;
}

static int take_row(void *unused, int columns, char **values, char **names)
{
    (void)unused, (void)names;
    for (int i = 0; i < columns; i++)
        for (const char *c = values[i] ? values[i] : "null"; *c; c++)
            mix = mix * 31 + (uint32_t)*c;
    return 0;
}

static void run(const char *statement)
{
    char *message = NULL;
    if (sqlite3_exec(database, statement, take_row, NULL, &message) != SQLITE_OK) {
        printf("%s: %s\n", statement, message);
        exit(1);
    }
}

static uint32_t kernel(void)
{
    char statement[200];
    mix = 0;
    if (sqlite3_open(":memory:", &database) != SQLITE_OK) {
        printf("no database\n");
        exit(1);
    }
    run("create table part(id integer primary key, name text, weight real, kind int)");
    run("create table kind(id integer primary key, label text)");
    run("begin");
    for (int i = 0; i < 20; i++) {
        snprintf(statement, sizeof statement, "insert into kind values(%d, 'kind %c')", i, 'a' + i);
        run(statement);
    }
    for (int i = 0; i < 600; i++) {
        snprintf(statement, sizeof statement,
                 "insert into part values(%d, 'part number %d', %d.25, %d)", i, i * 7919 % 1000, i % 97,
                 i * 31 % 20);
        run(statement);
    }
    run("commit");
    run("create index by_name on part(name)");
    run("update part set weight = weight * 2 where kind % 3 = 0");
    run("delete from part where name like '%9'");
    run("select label, count(*), sum(weight), max(name) from part join kind on part.kind = kind.id"
        " group by label order by sum(weight) desc");
    run("select a.name, b.name from part a join part b on a.name = b.name and a.id < b.id limit 50");
    run("with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)"
        " select sum(i * i), group_concat(i % 7) from n");
    for (int i = 0; i < 400; i++) {
        snprintf(statement, sizeof statement, "select weight from part where name = 'part number %d'",
                 i * 13 % 1000);
        run(statement);
    }
    sqlite3_close(database);
    return mix;
}

int main(void)
{
    return time_kernel(kernel);
}
