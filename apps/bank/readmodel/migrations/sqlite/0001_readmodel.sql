-- Money is in minor units, times are microseconds since 1970, in UTC.

CREATE TABLE bank_accounts (
    id         VARCHAR(255) PRIMARY KEY,
    owner      VARCHAR(400) NOT NULL,
    currency   VARCHAR(3)   NOT NULL,
    balance    BIGINT       NOT NULL,
    status     VARCHAR(10)  NOT NULL,
    version    BIGINT       NOT NULL,
    opened_at  BIGINT       NOT NULL,
    changed_at BIGINT       NOT NULL
);

CREATE INDEX bank_accounts_by_owner ON bank_accounts (owner, id);

CREATE TABLE bank_entries (
    account     VARCHAR(255) NOT NULL,
    version     BIGINT       NOT NULL,
    kind        VARCHAR(20)  NOT NULL,
    currency    VARCHAR(3)   NOT NULL,
    amount      BIGINT       NOT NULL,
    balance     BIGINT       NOT NULL,
    other       VARCHAR(255) NOT NULL,
    transfer    VARCHAR(255) NOT NULL,
    reference   VARCHAR(600) NOT NULL,
    occurred_at BIGINT       NOT NULL,
    PRIMARY KEY (account, version)
);

CREATE TABLE bank_audit (
    number      BIGINT       PRIMARY KEY,
    event_id    VARCHAR(36)  NOT NULL UNIQUE,
    account     VARCHAR(255) NOT NULL,
    version     BIGINT       NOT NULL,
    type        VARCHAR(255) NOT NULL,
    currency    VARCHAR(3)   NOT NULL,
    amount      BIGINT       NOT NULL,
    actor       TEXT         NOT NULL,
    correlation TEXT         NOT NULL,
    causation   TEXT         NOT NULL,
    occurred_at BIGINT       NOT NULL,
    recorded_at BIGINT       NOT NULL
);

CREATE UNIQUE INDEX bank_audit_by_account ON bank_audit (account, number);
