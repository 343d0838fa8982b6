-- A small site with the columns that are read. Rows stand in no order that a query asks for.
ATTACH ':memory:' AS dbo;
-- An index of SQLite's own would give rows an order.
PRAGMA automatic_index = OFF;

CREATE TABLE dbo.v_GS_COMPUTER_SYSTEM (
    ResourceID INT, Name0 TEXT, Domain0 TEXT, Manufacturer0 TEXT, Model0 TEXT, SystemType0 TEXT, UserName0 TEXT
);
CREATE TABLE dbo.v_GS_PROCESSOR (ResourceID INT, GroupID INT, Name0 TEXT);
CREATE TABLE dbo.v_GS_DISK (ResourceID INT, Size0 INT);
CREATE TABLE dbo.v_GS_NETWORK_ADAPTER_CONFIGURATION (ResourceID INT, IPAddress0 TEXT, MACAddress0 TEXT);
CREATE TABLE dbo.v_GS_X86_PC_MEMORY (ResourceID INT, TotalPhysicalMemory0 INT);
CREATE TABLE dbo.v_GS_SYSTEM_ENCLOSURE (ResourceID INT, SerialNumber0 TEXT);
CREATE TABLE dbo.v_GS_OPERATING_SYSTEM (ResourceID INT, Caption0 TEXT);
CREATE TABLE dbo.v_GS_ADD_REMOVE_PROGRAMS (ResourceID INT, DisplayName0 TEXT, Version0 TEXT, Publisher0 TEXT);
CREATE TABLE dbo.v_GS_ADD_REMOVE_PROGRAMS_64 (ResourceID INT, DisplayName0 TEXT, Version0 TEXT, Publisher0 TEXT);

-- 1 has two of everything, 2 nothing but itself, 3 a dock. 9 was deleted: views of its inventory have it still.
INSERT INTO dbo.v_GS_COMPUTER_SYSTEM VALUES
    (3, 'PC-3', 'EXAMPLE', 'LENOVO', '20XW', 'x64-based PC', 'EXAMPLE\cho'),
    (2, 'PC-2', NULL, NULL, NULL, NULL, NULL),
    (1, 'PC-1', 'EXAMPLE', 'Dell Inc.', 'Precision 7920', 'x64-based PC', 'EXAMPLE\ann');
INSERT INTO dbo.v_GS_PROCESSOR VALUES (1, 2, 'Xeon, second'), (1, 1, 'Xeon, first'), (9, 1, 'Gone'), (3, 1, 'i7');
INSERT INTO dbo.v_GS_DISK VALUES (1, 238475), (9, 1), (3, 488386), (1, 953869);
INSERT INTO dbo.v_GS_NETWORK_ADAPTER_CONFIGURATION VALUES
    (3, '10.0.0.9', '02:00:00:00:03:01'),
    (3, '10.0.0.10', '02:00:00:00:03:01'),
    (1, '10.0.0.1', '02:00:00:00:01:02'),
    (1, '10.0.0.2, fe80::1', '02:00:00:00:01:01'),
    (1, '10.0.0.3', NULL),
    (1, NULL, '02:00:00:00:01:03'),
    (9, '10.0.0.4', '02:00:00:00:09:01');
INSERT INTO dbo.v_GS_X86_PC_MEMORY VALUES (9, 1), (3, 16534156), (1, 66846720);
INSERT INTO dbo.v_GS_SYSTEM_ENCLOSURE VALUES (1, 'SN-1'), (3, 'SN-3'), (3, 'DOCK-3'), (9, 'SN-9');
INSERT INTO dbo.v_GS_OPERATING_SYSTEM VALUES
    (9, 'Gone'), (1, 'Microsoft Windows Server 2022 Standard '), (3, 'Microsoft Windows 11 Pro');

-- 7-Zip is there in both views and twice in one of them; the agent without a version, of two publishers, and without a name.
INSERT INTO dbo.v_GS_ADD_REMOVE_PROGRAMS VALUES
    (9, 'Gone', '1', 'Example'),
    (1, '7-Zip', '9.20', 'Igor Pavlov'),
    (1, '7-Zip', '19.00', 'Igor Pavlov'),
    (1, '7-Zip', '19.00', 'Igor Pavlov'),
    (1, 'Agent', '2.0', 'Maker'),
    (1, 'Agent', '2.0', 'Example'),
    (1, 'Agent', NULL, 'Example'),
    (1, NULL, '1.0', 'Example');
INSERT INTO dbo.v_GS_ADD_REMOVE_PROGRAMS_64 VALUES
    (3, 'Editor', '1', NULL),
    (1, '7-Zip', '19.00', 'Igor Pavlov'),
    (0, 'Gone as well', '1', 'Example');
