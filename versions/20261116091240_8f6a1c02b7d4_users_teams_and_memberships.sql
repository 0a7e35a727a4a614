-- revision: 8f6a1c02b7d4
-- parents: none
-- message: Users, teams and memberships
-- created: 2026-11-16T09:12:40Z
-- schema: sha256:33ce0eb6c9c3eed5281dac4b3d6465670bbefb88ea8d70545bea959b47f20c26

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
-- Discards all rows of membership.
DROP TABLE "membership";

-- Discards all rows of user.
DROP TABLE "user";

-- Discards all rows of team.
DROP TABLE "team";
