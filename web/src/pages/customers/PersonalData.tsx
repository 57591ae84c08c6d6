import { Button, Menu, TextInput } from "@mantine/core";
import { IconDownload, IconShieldLock, IconUserX } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import { Confirm } from "../../look/Confirm";
import { tell } from "../../look/tell";
import { forgetLooked } from "./lookedAt";

/** What a person may ask for: all that is kept of them, and to be erased. Administrators only. */
export function PersonalData({ customerId }: { customerId: string }) {
  const [isAsking, setAsking] = useState(false);
  if (!useMay("admin")) return null;
  return (
    <>
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconShieldLock size={16} />}>
            Personal data
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            component="a"
            href={`${path(customerId)}/report`}
            download={`customer-${customerId}.json`}
            leftSection={<IconDownload size={16} />}
          >
            Save all that is kept
          </Menu.Item>
          <Menu.Item
            c="var(--ps-bad)"
            leftSection={<IconUserX size={16} />}
            onClick={() => setAsking(true)}
          >
            Erase this person
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Erasure customerId={customerId} isOpen={isAsking} close={() => setAsking(false)} />
    </>
  );
}

interface Props {
  customerId: string;
  isOpen: boolean;
  close: () => void;
}

function Erasure({ customerId, isOpen, close }: Props) {
  const [typed, setTyped] = useState("");
  const erasing = useErase(customerId);
  const leave = () => {
    erasing.reset();
    setTyped("");
    close();
  };
  return (
    <Confirm
      isOpen={isOpen}
      close={leave}
      title="Erase this person?"
      doing="Erase the person"
      isDangerous
      isDisabled={typed !== customerId}
      isBusy={erasing.isPending}
      error={erasing.error}
      onConfirm={() => erasing.mutate()}
    >
      Wherever the id stands, also in refused payloads and kept answers, a random word takes its
      place. Nobody can find out whose it was, and it cannot be taken back. Figures stay as they
      are.
      <TextInput
        mt="md"
        label={`Type ${customerId} to confirm`}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoComplete="off"
      />
    </Confirm>
  );
}

function useErase(customerId: string) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const erased = useRef("");
  // Only when their page is left: while it is shown it would ask for them again.
  useEffect(
    () => () => {
      if (erased.current) queries.removeQueries({ queryKey: ["customer", erased.current] });
    },
    [queries],
  );
  return useMutation({
    mutationFn: () => api(path(customerId), { method: "DELETE" }),
    onSuccess: () => {
      erased.current = customerId;
      forgetLooked(customerId);
      navigate("/customers");
      tell("The person is erased. The figures are what they were.");
    },
  });
}

const path = (customerId: string) => `/v1/customers/${encodeURIComponent(customerId)}`;
