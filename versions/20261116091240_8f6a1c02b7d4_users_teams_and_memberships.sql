-- revision: 8f6a1c02b7d4
-- parents: none
-- message: Users, teams and memberships
-- created: 2026-11-16T09:12:40Z
-- schema: sha256:33ce0eb6c9c3eed5281dac4b3d6465670bbefb88ea8d70545bea959b47f20c26
-- requires: sqlite 3.16

-- migrate:up
CREATE TABLE "user" (
  "id" INTEGER PRIMARY KEY,
  "name" TEXT NOT NULL,
  "mail" TEXT UNIQUE COLLATE NOCASE,
  "created_at" TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE "team" (
  "id" INTEGER PRIMARY KEY,
  "name" TEXT NOT NULL UNIQUE
);

CREATE TABLE "membership" (
  "user_id" INTEGER NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE,
  "team_id" INTEGER NOT NULL REFERENCES "team" ("id") ON DELETE CASCADE,
  "role" TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'lead')),
  PRIMARY KEY ("user_id", "team_id")
) WITHOUT ROWID;

CREATE INDEX "membership_by_team" ON "membership" ("team_id");

-- migrate:down
-- Stops here if foreign keys are enforced: DROP TABLE would then delete or change rows that refer to the table.
-- schemactl runs this script with `PRAGMA foreign_keys = OFF` and checks all references before it commits.
CREATE TEMP TABLE "schemactl_guard" ("foreign_keys_must_be_off" INT CHECK ("foreign_keys_must_be_off" = 0));
INSERT INTO "schemactl_guard" SELECT "foreign_keys" FROM pragma_foreign_keys;
DROP TABLE "schemactl_guard";

-- Discards all rows of user.
DROP TABLE "user";

-- Discards all rows of team.
DROP TABLE "team";

-- Discards all rows of membership.
DROP TABLE "membership";
