/* SQLite on a database in memory: the statements on the standard input, one a line; their rows and errors are printed. */
#include <stdio.h>
#include <string.h>

#include "sqlite3.h"

static int cannot_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs, (void)name, (void)file, (void)flags, (void)out;
    return SQLITE_CANTOPEN;
}

static int nothing_to_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs, (void)name, (void)sync;
    return SQLITE_OK;
}

static int not_there(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs, (void)name, (void)flags;
    *out = 0;
    return SQLITE_OK;
}

static int as_it_is(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

static int always_alike(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    memset(out, 7, size);
    return size;
}

static int at_once(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int one_day(sqlite3_vfs *vfs, double *julian)
{
    (void)vfs;
    *julian = 2460000.5;
    return SQLITE_OK;
}

static sqlite3_vfs no_files = {
    .iVersion = 1,
    .szOsFile = sizeof(sqlite3_file),
    .mxPathname = 100,
    .zName = "no files",
    .xOpen = cannot_open,
    .xDelete = nothing_to_delete,
    .xAccess = not_there,
    .xFullPathname = as_it_is,
    .xRandomness = always_alike,
    .xSleep = at_once,
    .xCurrentTime = one_day,
};

int sqlite3_os_init(void)
{
    return sqlite3_vfs_register(&no_files, 1);
}

int sqlite3_os_end(void)
{
    return SQLITE_OK;
}

static int print_row(void *unused, int columns, char **values, char **names)
{
    (void)unused, (void)names;
    for (int i = 0; i < columns; i++)
        printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
    printf("\n");
    return 0;
}

int main(void)
{
    static char statement[4096];
    sqlite3 *database;
    int count = 0;
    if (sqlite3_open(":memory:", &database) != SQLITE_OK)
        return 1;
    while (fgets(statement, sizeof statement, stdin)) {
        char *message = NULL;
        if (sqlite3_exec(database, statement, print_row, NULL, &message) != SQLITE_OK)
            printf("error: %s\n", message);
        sqlite3_free(message);
        count++;
    }
    printf("%d statements, %d changes\n", count, sqlite3_total_changes(database));
    return sqlite3_close(database);
}
