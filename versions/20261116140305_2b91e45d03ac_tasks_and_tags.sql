-- revision: 2b91e45d03ac
-- parents: 8f6a1c02b7d4
-- message: Tasks and tags
-- created: 2026-11-16T14:03:05Z
-- schema: sha256:1be13abf44c0658bdda92a8af5368f3e77f8a662ef7c3fd86dbcd67db3b4367c

-- migrate:up
CREATE TABLE "task" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "team_id" INTEGER NOT NULL REFERENCES "team" ("id") ON DELETE CASCADE,
  "assignee_id" INTEGER REFERENCES "user" ("id") ON DELETE SET NULL,
  "title" TEXT NOT NULL CHECK (length(title) > 0),
  "body" TEXT NOT NULL DEFAULT '',
  "state" TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'doing', 'done')),
  "due_on" TEXT
);

CREATE TABLE "tag" (
  "id" INTEGER PRIMARY KEY,
  "label" TEXT NOT NULL UNIQUE COLLATE NOCASE
);

CREATE TABLE "task_tag" (
  "task_id" INTEGER NOT NULL REFERENCES "task" ("id") ON DELETE CASCADE,
  "tag_id" INTEGER NOT NULL REFERENCES "tag" ("id") ON DELETE CASCADE,
  PRIMARY KEY ("task_id", "tag_id")
) WITHOUT ROWID;

CREATE INDEX "task_unfinished" ON "task" ("team_id", "due_on") WHERE state <> 'done';
CREATE INDEX "task_by_assignee" ON "task" ("assignee_id");
CREATE INDEX "task_tag_by_tag" ON "task_tag" ("tag_id");

CREATE VIEW "unfinished_task" AS
SELECT task.id, team.name AS team, task.title, task.due_on, user.name AS assignee
FROM task
JOIN team ON team.id = task.team_id
LEFT JOIN user ON user.id = task.assignee_id
WHERE task.state <> 'done';

-- migrate:down
DROP VIEW "unfinished_task";

-- Discards all rows of task_tag.
DROP TABLE "task_tag";

-- Discards all rows of task.
DROP TABLE "task";

-- Discards all rows of tag.
DROP TABLE "tag";
