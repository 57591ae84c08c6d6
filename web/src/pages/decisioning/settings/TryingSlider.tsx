import { Input, Slider, Text } from "@mantine/core";
import { useId } from "react";
import { tryingWords } from "../words";
import { fromSlider, toSlider } from "./values";

interface Props {
  gamma: number;
  onChange: (gamma: number) => void;
  disabled?: boolean;
  error?: string;
}

/** How much is tried against how much is taken: one slider, and what its place means in words. */
export function TryingSlider({ gamma, onChange, disabled, error }: Props) {
  const id = useId();
  return (
    <Input.Wrapper
      label="Explore or exploit"
      labelElement="div"
      description={`${tryingWords(gamma)} (gamma ${gamma})`}
      error={error}
      id={id}
    >
      <Slider
        mt={10}
        mb={4}
        label={null}
        thumbLabel="Explore or exploit"
        value={toSlider(gamma)}
        onChange={(at) => onChange(fromSlider(at))}
        disabled={disabled}
        thumbProps={{ "aria-valuetext": tryingWords(gamma) }}
      />
      <Text
        size="xs"
        c="dimmed"
        component="div"
        style={{ display: "flex", justifyContent: "space-between" }}
      >
        <span>Tries more</span>
        <span>Takes the best</span>
      </Text>
    </Input.Wrapper>
  );
}
