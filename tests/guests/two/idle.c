/* A module that nothing calls: only its initialization runs, before other modules are there. */
int nothing;
